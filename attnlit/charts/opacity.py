"""Opacity is the weight itself, in every view: what is drawn at full opacity, and in which units.

Norms of what is passed on have no natural largest value: they are drawn, and written, as shares of the most
that any head of the layer brings to any token.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from attnlit.attention.record import ATTENTION
from attnlit.wording import capitalised, percent

if TYPE_CHECKING:
    from attnlit.attention.record import Attention

FULL = 1000  # weights travel as whole thousandths of the weight that is drawn at full opacity
FAINT_LAYER = 0.02  # where no weight of a layer is larger, the largest is drawn at full opacity


def one(attention: Attention, layer: int) -> float:
    """The weight that counts as 1: 1, or of norms the sum of the layer's strongest row."""
    if attention.weighs == ATTENTION:
        return 1.0
    return float(np.nan_to_num(attention.weights[attention.row(layer)]).sum(axis=-1).max(initial=0)) or 1.0


def full_opacity(attention: Attention, layer: int) -> float:
    """The share of `one` at full opacity: 1, or in a layer of only small weights the largest of them."""
    largest = float(np.nanmax(attention.weights[attention.row(layer)], initial=0))  # an empty row is NaN
    peak = largest / one(attention, layer)
    return peak if 0 < peak <= FAINT_LAYER else 1.0


def scale_notes(attention: Attention, full: float) -> tuple[str, ...]:
    """The sentences that say what a line weighs, unless it is attention, and that opacity is scaled."""
    notes = []
    if attention.weighs != ATTENTION:
        notes.append(
            "Lines weigh what is passed on: 100% is the most that any head of this layer brings to one token."
        )
    if full < 1:
        most = percent(full)
        notes.append(f"No weight in this layer exceeds {most}, so {most} is drawn at full opacity here.")
    return tuple(notes)


def mask_notes(attention: Attention, layer: int) -> tuple[str, ...]:
    """The sentence about a window or chunks, which learners take for learned behaviour."""
    mask = attention.mask(layer)
    if mask in ("", "causal mask", "mask"):
        return ()
    return (f"{capitalised(mask)}: what lies beyond is hidden from this layer, not overlooked.",)


def filled(weights: np.ndarray) -> np.ndarray:
    """Attention (..., queries, keys) with zeros for empty rows, which are NaN as a whole."""
    # Looking first, at one key, saves a large copy in the usual case.
    return np.nan_to_num(weights) if np.isnan(weights[..., 0]).any() else weights
