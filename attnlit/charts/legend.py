"""Numbers as colours: which colour a value has, and the legend that says so beside the picture."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from attnlit.charts.later import alt
from attnlit.charts.packed_text import rows_table
from attnlit.charts.theme import Theme, blend
from attnlit.charts.vega import computed, table
from attnlit.wording import number_text

STEPS = 33
WIDTH, HEIGHT = 120, 8  # pixels of the coloured bar; its two numbers stand below it


def limits_of(values: np.ndarray, signed: bool) -> tuple[float, float]:
    """The values of the palest and the strongest colour: 0, or the smallest value below it, and the largest.

    signed: as far below zero as above.
    """
    known = values[np.isfinite(values)]
    if not len(known):
        return (-1.0, 1.0) if signed else (0.0, 1.0)
    if signed:
        largest = float(np.abs(known).max()) or 1.0
        return -largest, largest
    low, high = min(0.0, float(known.min())), float(known.max())
    return low, high if high > low else low + 1.0


def colour_of(value: float, low: float, high: float, signed: bool, theme: Theme) -> str:
    """From the panel's colour to the accent; signed: to blue above zero and to orange below."""
    if not np.isfinite(value):
        return theme.panel
    if signed:
        return blend(theme.panel, theme.positive if value > 0 else theme.negative, abs(value) / high)
    return blend(theme.panel, theme.accent, (value - low) / (high - low))


def legend_tables(
    low: float, high: float, title: str, form: str, signed: bool, theme: Theme
) -> dict[str, pa.Table]:
    """The tables that the legend's marks name."""
    return {
        "legend": rows_table(
            step=np.arange(STEPS, dtype=np.int16),
            colour=[colour_of(value, low, high, signed, theme) for value in np.linspace(low, high, STEPS)],
        ),
        "legend_words": rows_table(
            low=[number_text(low, form)], high=[number_text(high, form)], title=[title]
        ),
    }


def legend(theme: Theme, left: int, top: str) -> list[alt.Chart]:
    """The colours from low to high with their two numbers, and what the number is.

    left: pixels. top: an expression.
    """
    width = WIDTH / STEPS
    bar = (
        table("legend")
        .mark_rect()
        .encode(
            x=computed(f"{left} + datum.step * {width:.4f}"),
            x2=computed(f"{left} + (datum.step + 1) * {width:.4f} + 0.5"),
            y=computed(top),
            y2=computed(f"{top} + {HEIGHT}"),
            color=alt.Color("colour:N", scale=None),
        )
    )
    words = table("legend_words")
    style: dict[str, Any] = {"fontSize": 11, "baseline": "top", "color": theme.faint}
    below = f"{top} + {HEIGHT + 4}"
    low = words.mark_text(align="left", **style).encode(x=alt.XValue(left), y=computed(below), text="low:N")
    high = words.mark_text(align="right", **style).encode(
        x=alt.XValue(left + WIDTH), y=computed(below), text="high:N"
    )
    name_left = left + WIDTH + 10
    room = alt.ExprRef(f"width - {name_left}")
    name = words.mark_text(align="left", baseline="middle", fontSize=11, color=theme.text, limit=room).encode(
        x=alt.XValue(name_left), y=computed(f"{top} + {HEIGHT / 2}"), text="title:N"
    )
    return [bar, low, high, name]
