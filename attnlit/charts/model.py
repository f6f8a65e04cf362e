"""The model view: every head of every layer as a thumbnail of its head view, in a grid of layers x heads."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import altair as alt
import numpy as np
import pyarrow as pa

from attnlit.charts.marks import (
    POINTER_LEFT_THE_CHART,
    computed,
    event_on,
    framed,
    hover_selection,
    rows_table,
    signal,
)
from attnlit.charts.picture import Picture, chart_with_data
from attnlit.charts.raster import line_strips
from attnlit.charts.theme import LIGHT, Theme, head_colour
from attnlit.errors import AttnlitError

if TYPE_CHECKING:
    from attnlit.attention import Attention

LEFT = 34  # pixels for the layers' numbers
TOP = 34  # and for the heads'
LARGEST_CELL = 140  # pixels: a small model does not grow beyond it on a wide screen
NOTEBOOK_WIDTH = 800
GAP_SHARE = 16  # the gap between two thumbnails is 1/16 of a thumbnail
PIXELS = 680_000  # of all thumbnails together: keeps 12 x 12 heads near 0.3 MB
NO_ATTENTION = 1e-6  # a row with less weight than this is empty: a sentence filter has hidden its keys

COLUMN_X = f"{LEFT} + datum.column * cell_size"  # left and top edge of a thumbnail, in Vega's language
ROW_Y = f"{TOP} + datum.row * cell_size"

_drawn: WeakKeyDictionary[Attention, tuple[tuple[int, ...], dict[str, pa.Table]]] = WeakKeyDictionary()


def model_picture(
    attention: Attention,
    *,
    selected: tuple[int, int] | None = None,
    layers: Sequence[int] | None = None,
    theme: Theme = LIGHT,
) -> Picture:
    """The model view for the app: ``selected`` (layer, head) is framed, and follows the caller, not the click.

    A click comes back through ``st.altair_chart(picture, theme=None, key=..., on_select="rerun",
    selection_mode=["cell"])`` as ``.selection["cell"]``: ``[{"layer": 3, "head": 7}]``. It is empty before the first
    click and again when the pointer has left the chart, so that a second click on the same head counts: read it
    in a callback, ignore it when it is empty, and pass the head on as ``selected``.

    ``layers`` keeps only those layers, in that order. The thumbnails are drawn once a record and kept with it.
    Raises AttnlitError where a layer or head does not exist.
    """
    shown = _checked_layers(attention, layers)
    tables = _drawn_tables(attention, shown) | {"current": _current_table(attention, shown, selected)}
    heads = attention.weights.shape[1]
    return Picture(_model_spec(len(shown), heads, theme), tables, _notes(attention))


def model_view(
    attention: Attention, *, layers: Sequence[int] | None = None, theme: Theme = LIGHT
) -> alt.LayerChart:
    """The model view as an Altair chart, for a notebook or a file: a click frames a head.

    ``layers`` keeps only those layers, in that order. Raises AttnlitError where one does not exist.
    """
    shown = _checked_layers(attention, layers)
    chart = _model_chart(len(shown), attention.weights.shape[1], theme, click_frames=True)
    return chart_with_data(chart, _drawn_tables(attention, shown))


def _checked_layers(attention: Attention, layers: Sequence[int] | None) -> tuple[int, ...]:
    count = attention.weights.shape[0]
    shown = tuple(range(count)) if layers is None else tuple(layers)
    missing = [layer for layer in shown if not 0 <= layer < count]
    if missing or not shown:
        what = f"There is no layer {missing[0]}" if missing else "No layer is chosen"
        raise AttnlitError(f"{what}. Choose from 0 to {count - 1}.")
    return shown


def _current_table(
    attention: Attention, shown: tuple[int, ...], selected: tuple[int, int] | None
) -> pa.Table:
    """Where the selected head stands in the grid: one row, or none if its layer is not shown."""
    if selected is None:
        return rows_table(row=pa.array([], pa.int16()), column=pa.array([], pa.int16()))
    layer, head = selected
    layers, heads = attention.weights.shape[:2]
    if not (0 <= layer < layers and 0 <= head < heads):
        raise AttnlitError(
            f"There is no head {layer}-{head}. Choose a layer from 0 to {layers - 1} and a head from 0 to {heads - 1}."
        )
    rows = [shown.index(layer)] if layer in shown else []
    return rows_table(row=pa.array(rows, pa.int16()), column=pa.array([head] * len(rows), pa.int16()))


def _notes(attention: Attention) -> tuple[str, ...]:
    return (
        "Each thumbnail is a head: lines run from the token that looks (left) to the token looked at (right).",
    )


# ------------------------------------------------------------------------------------------------ the tables


def _drawn_tables(attention: Attention, shown: tuple[int, ...]) -> dict[str, pa.Table]:
    """Thumbnails, facts and labels of a record, drawn at its first showing and kept as long as the record lives."""
    kept = _drawn.get(attention)
    if kept is None or kept[0] != shown:
        kept = (shown, _draw_tables(attention, shown))
        _drawn[attention] = kept
    return kept[1]


def _draw_tables(attention: Attention, shown: tuple[int, ...]) -> dict[str, pa.Table]:
    weights = attention.weights if len(shown) == len(attention.weights) else attention.weights[list(shown)]
    layers, heads = weights.shape[:2]
    height = thumbnail_height(layers * heads)
    strips = line_strips(weights, [head_colour(head) for head in range(heads)], height, height // GAP_SHARE)
    row, column = np.divmod(np.arange(layers * heads), heads)
    strongest, entropy, distance = _facts(attention, weights)
    return {
        "strips": rows_table(column=np.arange(heads, dtype=np.int16), url=strips),
        "cells": rows_table(
            id=np.arange(layers * heads, dtype=np.int16),
            row=row.astype(np.int16),
            column=column.astype(np.int16),
            layer=np.asarray(shown, np.int16)[row],
            head=column.astype(np.int16),
            strongest=strongest,
            entropy=[f"{value:.2f} nats" for value in entropy],
            distance=[f"{value:.1f} tokens" if np.isfinite(value) else "–" for value in distance],
        ),
        "layer_labels": rows_table(
            row=np.arange(layers, dtype=np.int16), text=[str(layer) for layer in shown]
        ),
        "head_labels": rows_table(
            column=np.arange(heads, dtype=np.int16), text=[str(head) for head in range(heads)]
        ),
    }


def thumbnail_height(cells: int) -> int:
    """Pixels a thumbnail is high (half as many wide), so that a model of so many heads stays light to send."""
    return int(np.clip((2 * PIXELS / cells) ** 0.5, 56, 160)) // 8 * 8


def _facts(attention: Attention, weights: np.ndarray) -> tuple[list[str], list[float], list[float]]:
    """What the tooltip says of each head: strongest pair, mean entropy of its rows in nats, mean |i - j| in tokens."""
    query_position = np.array([token.position for token in attention.query], np.float32)
    key_position = np.array([token.position for token in attention.key], np.float32)
    apart = np.abs(query_position[:, None] - key_position)
    strongest, entropies, distances = [], [], []
    logarithm = np.empty(
        weights.shape[2:], np.float32
    )  # one buffer for all heads: fresh memory costs more than log
    for head in weights.reshape(-1, *weights.shape[2:]):
        query, key = np.unravel_index(head.argmax(), head.shape)
        pair = f"{attention.query[query].text} → {attention.key[key].text}"
        strongest.append(f"{pair}  {head[query, key]:.2f}")
        total = head.sum(axis=1)
        seen = total > NO_ATTENTION
        np.maximum(head, 1e-30, out=logarithm)
        np.log(logarithm, out=logarithm)
        np.multiply(logarithm, head, out=logarithm)
        # A filtered row adds up to less than 1; this is the entropy of the row divided by its sum.
        entropy = np.log(total[seen]) - logarithm.sum(axis=1)[seen] / total[seen]
        entropies.append(float(max(entropy.mean(), 0)) if len(entropy) else 0.0)
        weight = float(total.sum())
        comparable = attention.kind != "cross" and weight > NO_ATTENTION
        distances.append(float(np.vdot(head, apart)) / weight if comparable else float("nan"))
    return strongest, entropies, distances


# ------------------------------------------------------------------------------------------------- the chart


@functools.lru_cache(maxsize=32)
def _model_spec(layers: int, heads: int, theme: Theme) -> dict[str, Any]:
    return _model_chart(layers, heads, theme, click_frames=False).to_dict()


def _model_chart(layers: int, heads: int, theme: Theme, *, click_frames: bool) -> alt.LayerChart:
    """The grid without its data. ``click_frames``: the click itself frames a head, as no server answers it."""
    hover = hover_selection("hover", "grid", "id")
    cell = alt.selection_point(
        "cell", fields=["layer", "head"], on=event_on("grid", "click"), toggle=False, empty=False,
        clear=False if click_frames else POINTER_LEFT_THE_CHART,
    )  # fmt: skip
    # The grid hangs on the window's width: the cells stretch with it and stay square, and the height follows.
    geometry = [
        signal("cell_size", f"clamp(floor((width - {LEFT}) / {heads}), 8, {LARGEST_CELL})"),
        signal("thumbnail", f"cell_size * {GAP_SHARE / (GAP_SHARE + 1):.4f}"),
        signal("label_step", "cell_size < 9 ? 4 : cell_size < 18 ? 2 : 1"),
        signal("height", f"{TOP} + {layers} * cell_size + 2"),
    ]
    thumbnails = (
        alt.Chart(alt.NamedData("strips"))
        .mark_image(
            align="left", baseline="top", aspect=False,
            width=alt.ExprRef("thumbnail"), height=alt.ExprRef(f"cell_size * {layers}"),
        )
        .encode(x=computed(COLUMN_X), y=alt.value(TOP), url="url:N")
    )  # fmt: skip
    cells = alt.Chart(alt.NamedData("cells"))
    panels = _square(cells, fill=theme.panel)
    hover_frame = _square(cells.transform_filter(hover), fillOpacity=0, stroke=theme.faint, strokeWidth=1.5)
    current = cells.transform_filter(cell) if click_frames else alt.Chart(alt.NamedData("current"))
    current_frame = _square(current, margin=1.5, fillOpacity=0, stroke=theme.text, strokeWidth=2.5)
    # Last, and so on top: what the pointer meets.
    grid = (
        _square(alt.Chart(alt.NamedData("cells"), name="grid"), fillOpacity=0, cursor="pointer")
        .encode(
            tooltip=[
                alt.Tooltip("layer:O", title="Layer"),
                alt.Tooltip("head:O", title="Head"),
                alt.Tooltip("strongest:N", title="Strongest"),
                alt.Tooltip("entropy:N", title="Entropy"),
                alt.Tooltip("distance:N", title="Mean distance"),
            ]
        )
        .add_params(hover, cell)
    )
    labels = _labels(theme)
    chart = alt.layer(panels, thumbnails, *labels, hover_frame, current_frame, grid).add_params(*geometry)
    height = TOP + layers * min(LARGEST_CELL, (NOTEBOOK_WIDTH - LEFT) // heads) + 2
    no_padding = {"left": 0, "right": 0, "top": 0, "bottom": 0}
    return framed(chart, NOTEBOOK_WIDTH, height, theme).properties(autosize="none", padding=no_padding)


def _square(base: alt.Chart, margin: float = 0, **mark: Any) -> alt.Chart:
    """A rectangle on the thumbnail of each datum, ``margin`` pixels larger."""
    return base.mark_rect(cornerRadius=3, **mark).encode(
        x=computed(f"{COLUMN_X} - {margin}"),
        x2=computed(f"{COLUMN_X} + thumbnail + {margin}"),
        y=computed(f"{ROW_Y} - {margin}"),
        y2=computed(f"{ROW_Y} + thumbnail + {margin}"),
    )


def _labels(theme: Theme) -> list[alt.Chart]:
    """The heads' numbers above, the layers' at the left, and the two words."""
    number = {"fontSize": 11, "color": theme.faint}
    heads = (
        alt.Chart(alt.NamedData("head_labels"))
        .transform_filter("datum.column % label_step == 0")
        .mark_text(align="center", baseline="bottom", **number)
        .encode(x=computed(f"{COLUMN_X} + thumbnail / 2"), y=alt.value(TOP - 5), text="text:N")
    )
    layers = (
        alt.Chart(alt.NamedData("layer_labels"))
        .transform_filter("datum.row % label_step == 0")
        .mark_text(align="right", baseline="middle", **number)
        .encode(x=alt.value(LEFT - 6), y=computed(f"{ROW_Y} + thumbnail / 2"), text="text:N")
    )
    word = {"fontSize": 12, "fontWeight": 600, "color": theme.text}
    first_row = alt.Chart(alt.NamedData("layer_labels")).transform_filter("datum.row == 0")
    head_word = first_row.mark_text(align="left", baseline="top", **word).encode(
        x=alt.value(LEFT), y=alt.value(1), text=alt.value("Head")
    )
    layer_word = first_row.mark_text(align="right", baseline="top", angle=270, **word).encode(
        x=alt.value(1), y=alt.value(TOP), text=alt.value("Layer")
    )
    return [heads, layers, head_word, layer_word]
