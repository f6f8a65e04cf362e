"""The grid of layers x heads, on which the model view puts thumbnails and the head map puts numbers.

How many layers and heads there are travels as data, so one chart serves every model. The grid takes the whole
width: cells stretch with it and are square until they are as high as they may be, and the height follows. The
heads of a layer stand close together on one band, so that they read as one row however many there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from attnlit.charts.later import alt
from attnlit.charts.near import CELLS, near_height, near_marks, near_signals
from attnlit.charts.packed_text import rows_table
from attnlit.charts.theme import Theme
from attnlit.charts.vega import (
    click_selection,
    computed,
    framed,
    hover_selection,
    once,
    setup_signals,
    signal,
    table,
)

LEFT = 34  # pixels for the layers' numbers
TOP = 34  # and for the heads'
SMALLEST_CELL = 8  # pixels
GAP_SHARE = 8  # the gap between two rows is 1/8 of a thumbnail's height
OTHERS = 20  # pixels for a band of layers that have no heads to show
WIDER = 2  # a cell may be so many times as wide as it may be high

COLUMN_X = f"{LEFT} + datum.column * cell_width"  # left and top edge of a cell, in Vega's language
# Bands of other layers may lie above a row; tables without such bands say nothing of them.
ROW_Y = f"{TOP} + datum.row * cell_height + (datum.bands || 0) * {OTHERS}"


def geometry(highest_cell: int, below: str, *, many: bool) -> list[alt.Parameter]:
    """The signals that everything on the grid hangs on.

    below: pixels left free under it, an expression. many: the chosen layer stands under it once more.
    """
    near = near_signals(LEFT) if many else [signal("near_height", "0")]
    widest = WIDER * highest_cell
    return [
        signal("cell_width", f"clamp(floor((width - {LEFT}) / heads), {SMALLEST_CELL}, {widest})"),
        signal("cell_height", f"min(cell_width, {highest_cell})"),
        signal("thumbnail_height", f"cell_height * {GAP_SHARE / (GAP_SHARE + 1):.4f}"),
        signal("thumbnail_width", "cell_width - max(1, cell_height / 36)"),
        signal("head_step", "cell_width < 9 ? 4 : cell_width < 18 ? 2 : 1"),
        signal("layer_step", "cell_height < 9 ? 4 : cell_height < 18 ? 2 : 1"),
        signal("grid_bottom", f"{TOP} + layers * cell_height + bands * {OTHERS}"),
        *near,
        signal("grid_height", "grid_bottom + near_height"),
        signal("height", f"grid_height + {below}"),
    ]


def grid_height(
    layers: int, heads: int, highest_cell: int, width: int, below: int, *, near: bool = False
) -> int:
    """How high the chart is at a width, without bands of other layers; all in pixels.

    near: a layer is chosen, whose heads stand large under a grid of small cells.
    """
    cell = min(max((width - LEFT) // heads, SMALLEST_CELL), WIDER * highest_cell)
    larger = near_height(heads, LEFT, width) if near else 0
    return TOP + layers * min(cell, highest_cell) + larger + below


def grid_tables(
    layers: Sequence[int],
    heads: int,
    roles: int = 0,
    bands: Sequence[int] = (),
    names: Sequence[str] | None = None,
) -> dict[str, pa.Table]:
    """The size of the grid, how many roles its legend has, and the numbers on its two sides.

    bands: how many bands of other layers lie above each row, and above the grid's end; none if not given.
    names: of the heads, where they are no numbers.
    """
    bands = bands or [0] * (len(layers) + 1)
    return {
        "setup": rows_table(
            layers=[len(layers)],
            heads=[heads],
            roles=[roles],
            bands=[bands[-1]],
            bands_above=[",".join(map(str, bands[:-1]))],
        ),
        "layer_labels": rows_table(
            row=np.arange(len(layers), dtype=np.int16),
            bands=np.array(bands[:-1], np.int16),
            text=[str(layer) for layer in layers],
        ),
        "head_labels": rows_table(
            column=np.arange(heads, dtype=np.int16), text=names or [str(head) for head in range(heads)]
        ),
    }


def cells_of(layers: int, heads: int) -> tuple[np.ndarray, np.ndarray]:
    """Row and column of every cell, int16 (layers * heads,), layer by layer."""
    row, column = np.divmod(np.arange(layers * heads, dtype=np.int16), np.int16(heads))
    return row, column


def current_table(
    layers: Sequence[int], selected: tuple[int, int] | None, bands: Sequence[int] = ()
) -> pa.Table:
    """Where the selected head stands in the grid: one row, or none if its layer is not shown."""
    shown = selected is not None and selected[0] in layers
    rows = [list(layers).index(selected[0])] if shown and selected else []
    columns = [selected[1]] if shown and selected else []
    above = {"bands": pa.array([bands[row] for row in rows], pa.int16())} if any(bands) else {}
    return rows_table(row=pa.array(rows, pa.int16()), column=pa.array(columns, pa.int16()), **above)


def grid_chart(
    below: Sequence[alt.Chart],
    tooltip: str,
    theme: Theme,
    *,
    by_itself: bool,
    highest_cell: int,
    space_below: str = "2",
    signals: Sequence[alt.Parameter] = (),
    near: Sequence[alt.Chart] | None = None,
) -> alt.LayerChart:
    """A chart on the grid: layers, then the frames of the pointed and the current cell, then what is clicked.

    Its tables are those of `grid_tables`, "cells" (id, row, column, layer, head and what the tooltip shows),
    "current" (`current_table`) and, where there is `near`, "near" (`near_table`). A click comes back as
    `[{"layer": 3, "head": 7}]` under the name "cell".
    tooltip: what it says beside layer and head, as objects in Vega's language.
    by_itself: the click itself frames a head, as no server answers it. signals: those that `below` needs.
    near: what the large cells of the chosen layer hold; None for few heads, whose cells are large enough.
    """
    clicked = ["grid"] if near is None else ["grid", CELLS]
    hover = hover_selection("hover", clicked, "id")
    kept: dict[str, Any] = {"clear": False} if by_itself else {}
    cell = click_selection("cell", *clicked, fields=["layer", "head"], **kept)
    hover_frame = on_cell(table("cells").transform_filter(hover), stroke=theme.faint, strokeWidth=1.5)
    current = table("cells").transform_filter(cell) if by_itself else table("current")
    current_frame = on_cell(current, margin=1.5, stroke=theme.text, strokeWidth=2.5)
    name = "data('head_labels')[datum.column].text"
    said = computed(f"merge({{'Layer': datum.layer, 'Head': {name}}}, {tooltip})")
    # Last, and so on top: what the pointer meets.
    grid = on_cell(table("cells", name="grid"), cursor="pointer").encode(tooltip=said).add_params(hover, cell)
    own = [
        *setup_signals(layers=1, heads=1, roles=0, bands=0, bands_above="0"),
        *geometry(highest_cell, space_below, many=near is not None),
    ]
    seen, hit = ([], []) if near is None else near_marks(near, said, theme, LEFT)
    marks = [*seen, *below, *labels(theme), hover_frame, current_frame, grid, *hit]
    chart = alt.layer(*marks).add_params(*own, *signals)
    return framed(chart, theme, width=800, height=800)


def on_cell(base: alt.Chart, margin: float = 0, **mark: Any) -> alt.Chart:
    """A rectangle on the cell of each datum, `margin` pixels larger: an empty one unless it has a colour."""
    style = {"fillOpacity": 0, **mark} if not {"fill", "color"} & mark.keys() else mark
    return base.mark_rect(cornerRadius=3, **style).encode(
        x=computed(f"{COLUMN_X} - {margin}"),
        x2=computed(f"{COLUMN_X} + thumbnail_width + {margin}"),
        y=computed(f"{ROW_Y} - {margin}"),
        y2=computed(f"{ROW_Y} + thumbnail_height + {margin}"),
    )


def bands(theme: Theme) -> alt.Chart:
    """One ground for all heads of a layer."""
    return (
        table("layer_labels")
        .mark_rect(cornerRadius=3, fill=theme.panel)
        .encode(
            x=alt.XValue(LEFT),
            x2=computed(f"{LEFT} + heads * cell_width"),
            y=computed(ROW_Y),
            y2=computed(f"{ROW_Y} + thumbnail_height"),
        )
    )


def labels(theme: Theme) -> list[alt.Chart]:
    """The heads' numbers above, the layers' at the left, and the two words."""
    number: dict[str, Any] = {"fontSize": 11, "color": theme.faint}
    heads = (
        table("head_labels")
        .transform_filter("datum.column % head_step == 0")
        .mark_text(align="center", baseline="bottom", **number)
        .encode(x=computed(f"{COLUMN_X} + thumbnail_width / 2"), y=alt.YValue(TOP - 5), text="text:N")
    )
    layers = (
        table("layer_labels")
        .transform_filter("datum.row % layer_step == 0")
        .mark_text(align="right", baseline="middle", **number)
        .encode(x=alt.XValue(LEFT - 6), y=computed(f"{ROW_Y} + thumbnail_height / 2"), text="text:N")
    )
    word: dict[str, Any] = {"fontSize": 12, "fontWeight": 600, "color": theme.text}
    head_word = (
        once()
        .mark_text(align="left", baseline="top", **word)
        .encode(x=alt.XValue(LEFT), y=alt.YValue(1), text=alt.value("Head"))
    )
    layer_word = (
        once()
        .mark_text(align="right", baseline="top", angle=270, **word)
        .encode(x=alt.XValue(1), y=alt.YValue(TOP), text=alt.value("Layer"))
    )
    return [heads, layers, head_word, layer_word]
