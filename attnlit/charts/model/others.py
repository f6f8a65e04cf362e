"""The layers of a hybrid that have no attention: grey bands in their places between the others."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from attnlit.charts.grid import LEFT, OTHERS, ROW_Y
from attnlit.charts.later import alt
from attnlit.charts.packed_text import rows_table
from attnlit.charts.theme import Theme
from attnlit.charts.vega import computed, table

if TYPE_CHECKING:
    from attnlit.attention.record import Attention

_Band = tuple[int, str]  # the row that it lies above, and what it says: "layers 0–2: mamba"


def bands_above(attention: Attention, shown: Sequence[int]) -> list[int]:
    """How many bands lie above each row of these layers, and above the end: none in most models."""
    bands = _bands(attention, shown)
    return [sum(row <= place for row, _ in bands) for place in range(len(shown) + 1)]


def others_table(attention: Attention, shown: Sequence[int]) -> pa.Table:
    """One row a band: the row that it lies above, how many bands lie above it, and its words."""
    bands = _bands(attention, shown)
    return rows_table(
        row=np.array([row for row, _ in bands], np.int16),
        bands=np.arange(len(bands), dtype=np.int16),
        text=pa.array([text for _, text in bands], pa.string()),
    )


def _bands(attention: Attention, shown: Sequence[int]) -> list[_Band]:
    """Runs of layers of one kind without attention; none where only some layers are to be shown."""
    if tuple(shown) != attention.layer_numbers:
        return []
    others = [
        (sum(number < layer for number in shown), kind, layer)
        for layer, kind in enumerate(attention.layer_kinds)
        if layer not in attention.layer_numbers
    ]
    bands = []
    for (row, kind), run in groupby(others, key=lambda each: each[:2]):
        layers = [layer for _, _, layer in run]
        several = f"layers {layers[0]}–{layers[-1]}"
        bands.append((row, f"{several if len(layers) > 1 else f'layer {layers[0]}'}: {kind}"))
    return bands


def other_layers(theme: Theme) -> list[alt.Chart]:
    """The bands, with what their layers are."""
    middle = computed(f"{ROW_Y} + {OTHERS / 2 - 1}")
    small = {"fontSize": 11, "color": theme.faint, "baseline": "middle"}
    others = table("others")
    return [
        others.mark_rect(cornerRadius=3, fill=theme.panel, fillOpacity=0.6).encode(
            x=alt.XValue(LEFT),
            x2=computed(f"{LEFT} + heads * cell_width"),
            y=computed(f"{ROW_Y} + 1"),
            y2=computed(f"{ROW_Y} + {OTHERS - 3}"),
        ),
        others.mark_text(align="left", **small).encode(x=alt.XValue(LEFT + 8), y=middle, text="text:N"),
    ]
