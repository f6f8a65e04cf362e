"""The model view: every head of every layer as a thumbnail of its head view, in a grid of layers x heads."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import altair as alt
import numpy as np
import pyarrow as pa

from attnlit.charts.grid import (
    COLUMN_X,
    GAP_SHARE,
    TOP,
    cells_of,
    current_table,
    grid_chart,
    grid_tables,
    square,
)
from attnlit.charts.marks import (
    computed,
    rows_table,
)
from attnlit.charts.picture import Picture, chart_with_data
from attnlit.charts.raster import filled, line_strips
from attnlit.charts.theme import LIGHT, Theme, head_colour
from attnlit.errors import AttnlitError

if TYPE_CHECKING:
    from attnlit.attention.record import Attention

LARGEST_CELL = 140  # pixels: a small model does not grow beyond it on a wide screen
PIXELS = 680_000  # of all thumbnails together: keeps 12 x 12 heads near 0.3 MB
ROWS_MEASURED = 64  # of a text twice as long and longer: evenly spaced queries for entropy and distance
TINY = 1e-30  # what a weight of 0 is taken for where its logarithm is needed
NO_ATTENTION = 1e-6  # a row with less weight than this is empty: a sentence filter has hidden its keys

NOTES = (
    "Each thumbnail is one head: lines run from the token that looks (left) to the token looked at (right).",
)

# What has been drawn of each record that is still in use, by layers and theme; the last few only.
_drawn: WeakKeyDictionary[Attention, dict[tuple[tuple[int, ...], Theme], dict[str, pa.Table]]]
_drawn = WeakKeyDictionary()
DRAWN_PER_RECORD = 4


def model_picture(
    attention: Attention,
    *,
    selected: tuple[int, int] | None = None,
    layers: Sequence[int] | None = None,
    theme: Theme = LIGHT,
) -> Picture:
    """The model view, for the app: ``st.altair_chart(picture, key=..., theme=None)``.

    ``selected`` (layer, head) is framed. The frame follows the caller, not the click: with
    ``on_select="rerun", selection_mode=["cell"]`` a click comes back as ``.selection["cell"]``,
    ``[{"layer": 3, "head": 7}]``, and is to be passed on as ``selected``. The selection is empty before the
    first click and again when the pointer has left the chart, so that a second click on the same head counts:
    read it in a callback and ignore it when it is empty.

    ``layers`` keeps only those layers, in that order. All pictures of a theme share one spec. Thumbnails are
    drawn at a record's first showing and kept as long as the record lives.
    Raises AttnlitError where a layer or head does not exist.
    """
    shown = _checked_layers(attention, layers)
    if selected is not None:
        attention.check(*selected)
    tables = _drawn_tables(attention, shown, theme) | {"current": current_table(shown, selected)}
    return Picture(theme_spec(theme), tables, NOTES)


def model_view(
    attention: Attention,
    *,
    layers: Sequence[int] | None = None,
    theme: Theme = LIGHT,
    width: int = 800,
) -> alt.LayerChart:
    """The model view as an Altair chart: shows itself in a notebook, saves to HTML, PNG and SVG.

    A click frames a head. ``layers`` keeps only those layers, in that order; ``width`` is in pixels.
    Raises AttnlitError where a layer does not exist.
    """
    tables = _drawn_tables(attention, _checked_layers(attention, layers), theme)
    chart = _model_chart(theme, click_frames=True)
    chart.width = width
    return chart_with_data(chart, tables)


def _checked_layers(attention: Attention, layers: Sequence[int] | None) -> tuple[int, ...]:
    if layers is None:
        return tuple(range(attention.layers))
    if not layers:
        raise AttnlitError(f"No layer is chosen. Choose from 0 to {attention.layers - 1}.")
    for layer in layers:
        attention.check(layer)
    return tuple(layers)


# ------------------------------------------------------------------------------------------------ the tables


def _drawn_tables(attention: Attention, shown: tuple[int, ...], theme: Theme) -> dict[str, pa.Table]:
    """Thumbnails, facts and labels of a record, drawn at its first showing in this theme."""
    kept = _drawn.setdefault(attention, {})
    tables = kept.get((shown, theme))
    if tables is None:
        tables = _draw_tables(attention, shown, theme)
        for oldest in list(kept)[: max(0, len(kept) + 1 - DRAWN_PER_RECORD)]:
            kept.pop(oldest, None)
        kept[shown, theme] = tables
    return tables


def _draw_tables(attention: Attention, shown: tuple[int, ...], theme: Theme) -> dict[str, pa.Table]:
    whole = shown == tuple(range(attention.layers))
    weights = filled(attention.weights if whole else attention.weights[list(shown)])
    layers, heads = weights.shape[:2]
    height = thumbnail_height(layers * heads)
    colours = [head_colour(head, theme) for head in range(heads)]
    strips = line_strips(weights, colours, height, height // GAP_SHARE)
    row, column = cells_of(layers, heads)
    every = max(1, len(attention.queries) // ROWS_MEASURED)
    strongest, entropy, distance = _facts(attention, weights, every)
    return {
        **grid_tables(shown, heads),
        "strips": rows_table(column=np.arange(heads, dtype=np.int16), url=strips),
        "cells": rows_table(
            id=np.arange(layers * heads, dtype=np.int16),
            row=row,
            column=column,
            layer=np.asarray(shown, np.int16)[row],
            head=column,
            strongest=strongest,
            entropy=[_measured(value, "nats", 2, exactly=every == 1) for value in entropy],
            distance=[_measured(value, "tokens", 1, exactly=every == 1) for value in distance],
        ),
    }


def thumbnail_height(cells: int) -> int:
    """Pixels a thumbnail is high (half as many wide), so that many heads stay light to send."""
    return int(np.clip((2 * PIXELS / cells) ** 0.5, 56, 128)) // 8 * 8


def _facts(
    attention: Attention, weights: np.ndarray, every: int
) -> tuple[list[str], list[float], list[float]]:
    """What the tooltip says of each head.

    The strongest pair with its weight, the mean entropy of its rows in nats, and how far back it looks in
    tokens: sum of A (i - j) / sum of A, negative where it looks ahead (Vig and Belinkov 2019, section 4.2).
    NaN for what a head has not: a distance in cross-attention, an entropy without any attention. Entropy and
    distance are those of ``every`` so many rows: the logarithms of a long text take longer than all else.
    """
    query_position = np.array([token.position for token in attention.queries[::every]], np.float32)
    key_position = np.array([token.position for token in attention.keys], np.float32)
    ones = np.ones_like(key_position)
    strongest, entropies, distances = [], [], []
    # One buffer for all heads: fresh memory costs more than the logarithm.
    logarithm = np.empty((len(query_position), len(key_position)), np.float32)
    for head in weights.reshape(-1, *weights.shape[2:]):
        query, key = np.unravel_index(head.argmax(), head.shape)
        pair = f"{attention.queries[query].text} → {attention.keys[key].text}"
        strongest.append(f"{pair}  {head[query, key]:.2f}" if head[query, key] > 0 else "–")
        rows = head[::every]
        total = rows @ ones
        seen = total > NO_ATTENTION
        np.log(np.add(rows, TINY, out=logarithm), out=logarithm)
        # A filtered row adds up to less than 1; this is the entropy of the row divided by its sum.
        entropy = np.log(total[seen]) - np.einsum("qk,qk->q", rows, logarithm)[seen] / total[seen]
        entropies.append(float(max(entropy.mean(), 0)) if len(entropy) else float("nan"))
        weight = float(total.sum())
        comparable = attention.kind != "cross" and weight > NO_ATTENTION
        back = float((query_position * total - rows @ key_position).sum())  # sum of A (i - j)
        distances.append(back / weight if comparable else float("nan"))
    return strongest, entropies, distances


def _measured(value: float, unit: str, digits: int, exactly: bool) -> str:
    """ "1.25 nats", "≈ 1.2 nats" where only some rows were measured, "–" where there is nothing."""
    if not np.isfinite(value):
        return "–"
    return f"{value:z.{digits}f} {unit}" if exactly else f"≈ {value:z.{digits - 1}f} {unit}"


# ------------------------------------------------------------------------------------------------- the chart


@lru_cache(maxsize=8)
def theme_spec(theme: Theme) -> dict[str, Any]:
    """The frozen specification: shared, never written to."""
    spec: dict[str, Any] = _model_chart(theme, click_frames=False).to_dict(validate=False)  # tests do
    return spec


def _model_chart(theme: Theme, *, click_frames: bool) -> alt.LayerChart:
    """The grid without its data. ``click_frames``: the click itself frames a head, as no server answers it.

    How many layers and heads there are travels as data too, so one chart serves every model.
    """
    thumbnails = (
        alt.Chart(alt.NamedData("strips"))
        .mark_image(
            align="left", baseline="top", aspect=False,
            width=alt.ExprRef("thumbnail"), height=alt.ExprRef("cell_size * setup_row.layers"),
        )
        .encode(x=computed(COLUMN_X), y=alt.YValue(TOP), url="url:N")
    )  # fmt: skip
    panels = square(alt.Chart(alt.NamedData("cells")), fill=theme.panel)
    tooltip = [
        alt.Tooltip("strongest:N", title="Strongest"),
        alt.Tooltip("entropy:N", title="Entropy"),
        alt.Tooltip("distance:N", title="Mean distance back"),
    ]
    return grid_chart(
        [panels, thumbnails], tooltip, theme,
        click_frames=click_frames, largest_cell=LARGEST_CELL, width=800, height=800,
    )  # fmt: skip
