"""One number for every head, as a coloured grid of layers x heads: what a score or an effect looks like."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from attnlit.charts.grid import (
    COLUMN_X,
    LEFT,
    ROW_Y,
    cells_of,
    current_table,
    grid_chart,
    grid_height,
    grid_tables,
    on_cell,
)
from attnlit.charts.later import alt
from attnlit.charts.legend import colour_of, legend, legend_tables, limits_of
from attnlit.charts.near import FEW, NEAR_Y, near_table, near_x, on_near_cell
from attnlit.charts.notebook import notebook_chart
from attnlit.charts.packed_text import rows_table
from attnlit.charts.picture import Picture, frozen
from attnlit.charts.theme import LIGHT, Theme, ink_on
from attnlit.charts.vega import computed, table
from attnlit.errors import AttnlitError
from attnlit.wording import either, number_text

HIGHEST_CELL = 56  # pixels
READABLE_CELL = 34  # pixels: in narrower cells the numbers show only under the pointer
LEGEND_SPACE = 34  # pixels


def head_map_picture(
    values: np.ndarray,
    *,
    title: str,
    layers: Sequence[int] | None = None,
    selected: tuple[int, int] | None = None,
    signed: bool = False,
    limits: tuple[float, float] | None = None,
    form: str = ".2f",
    theme: Theme = LIGHT,
) -> Picture:
    """The map, for the app. values: float (layers, heads); NaN is drawn empty, as "–".

    title: what the number is; it stands under the map beside the colours. layers: the number in the model of
    each row of values; counted from 0 if not given. signed: blue above and orange below
    zero, equally strong. limits: the values of the palest and the strongest colour (None: 0, or the smallest
    value below it, and the largest). form: how a number is written, a Python format such as ".0%".
    A click comes back as the selection "cell", as in the model view. `selected` (layer, head) is framed.
    Raises `AttnlitError` where the values are not one for each head, or the selected head does not exist.
    """
    values = np.asarray(values, np.float64)
    if values.ndim != 2 or not values.size:
        raise AttnlitError("A head map needs one number for each head: an array of layers by heads.")
    numbers, heads = _numbers(values, layers), values.shape[1]
    if selected is not None and not (selected[0] in numbers and 0 <= selected[1] < heads):
        raise AttnlitError(
            f"There is no head {selected[0]}-{selected[1]}. Choose {_span(numbers)} and a head from 0 to "
            f"{heads - 1}."
        )
    tables = _tables(values, numbers, title, signed, limits or limits_of(values, signed), form, theme)
    many, row = heads > FEW, None if selected is None else numbers.index(selected[0])
    if many:
        tables["near"] = near_table(tables["cells"], row, heads)
    return Picture(
        spec_of_many if many else theme_spec,
        theme,
        tables | {"current": current_table(numbers, selected)},
        height=lambda width: grid_height(
            len(numbers), heads, HIGHEST_CELL, width, LEGEND_SPACE, near=selected is not None
        ),
        draw_by_itself=spec_by_itself,
    )


def head_map(
    values: np.ndarray,
    *,
    title: str,
    layers: Sequence[int] | None = None,
    signed: bool = False,
    limits: tuple[float, float] | None = None,
    form: str = ".2f",
    theme: Theme = LIGHT,
    width: int = 640,
) -> alt.LayerChart:
    """The map as an Altair chart, to show in a notebook or to save; see `head_map_picture`. width: pixels."""
    picture = head_map_picture(
        values, title=title, layers=layers, signed=signed, limits=limits, form=form, theme=theme
    )
    return notebook_chart(picture, width)


def _numbers(values: np.ndarray, layers: Sequence[int] | None) -> tuple[int, ...]:
    numbers = tuple(range(len(values)) if layers is None else layers)
    if len(numbers) != len(values):
        raise AttnlitError(
            f"There are {len(values)} rows of values, but the numbers of {len(numbers)} layers."
        )
    return numbers


def _span(numbers: tuple[int, ...]) -> str:
    if numbers == tuple(range(len(numbers))):
        return f"a layer from 0 to {len(numbers) - 1}"
    return f"layer {either(numbers)}"


def _tables(
    values: np.ndarray,
    numbers: tuple[int, ...],
    title: str,
    signed: bool,
    limits: tuple[float, float],
    form: str,
    theme: Theme,
) -> dict[str, pa.Table]:
    low, high = limits
    layers, heads = values.shape
    row, column = cells_of(layers, heads)
    colours = [colour_of(value, low, high, signed, theme) for value in values.ravel()]
    return {
        **grid_tables(numbers, heads),
        "cells": rows_table(
            id=np.arange(layers * heads, dtype=np.int16),
            row=row,
            column=column,
            layer=np.asarray(numbers, np.int16)[row],
            head=column,
            colour=colours,
            ink=[ink_on(colour) for colour in colours],
            text=[number_text(value, form) for value in values.ravel()],
        ),
        **legend_tables(low, high, title, form, signed, theme),
    }


# ------------------------------------------------------------------------------------------------- the chart


@frozen
def theme_spec(theme: Theme) -> alt.LayerChart:
    """For the app: a click is told to the server, which says what is framed."""
    return _chart(theme, by_itself=False)


@frozen
def spec_of_many(theme: Theme) -> alt.LayerChart:
    """The same for so many heads that a phone shows the chosen layer once more, large."""
    return _chart(theme, by_itself=False, many=True)


@frozen
def spec_by_itself(theme: Theme) -> alt.LayerChart:
    """For a notebook and a saved page: a click frames a head."""
    return _chart(theme, by_itself=True)


def _chart(theme: Theme, *, by_itself: bool, many: bool = False) -> alt.LayerChart:
    colour = alt.Color("colour:N", scale=None)
    colours = on_cell(table("cells"), color=theme.panel).encode(color=colour)
    numbers = _numbers_in(
        table("cells").transform_filter(f"cell_width >= {READABLE_CELL}"),
        f"{COLUMN_X} + thumbnail_width / 2",
        f"{ROW_Y} + thumbnail_height / 2",
    )
    near = [
        on_near_cell(table("near"), LEFT, color=theme.panel).encode(color=colour),
        _numbers_in(
            table("near").transform_filter("near_on"),
            f"{near_x(LEFT)} + near_cell / 2 - 1",
            f"{NEAR_Y} + near_cell / 2 - 1",
        ),
    ]
    return grid_chart(
        [colours, numbers, *legend(theme, LEFT, "grid_height + 8")], "{'Value': datum.text}", theme,
        by_itself=by_itself, highest_cell=HIGHEST_CELL, space_below=str(LEGEND_SPACE),
        near=near if many else None,
    )  # fmt: skip


def _numbers_in(cells: alt.Chart, x: str, y: str) -> alt.Chart:
    """The numbers of these cells. x, y: expressions."""
    ink = alt.Color("ink:N", scale=None)
    return cells.mark_text(fontSize=11).encode(x=computed(x), y=computed(y), text="text:N", color=ink)
