"""Opacity is the weight itself, in every view: what is drawn at full opacity, and in which units."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from attnlit.wording import percent

if TYPE_CHECKING:
    from attnlit.attention.record import Attention

FULL = 1000  # weights travel as whole thousandths of the weight that is drawn at full opacity
FAINT_LAYER = 0.02  # where no weight of a layer is larger, the largest is drawn at full opacity


def full_opacity(attention: Attention, layer: int) -> float:
    """The weight drawn at full opacity: 1, or in a layer of only small weights the largest of them."""
    peak = float(np.nanmax(attention.weights[layer], initial=0))  # an empty row is NaN
    return peak if 0 < peak <= FAINT_LAYER else 1.0


def scaled_note(full: float) -> str:
    """The sentence that says that opacity is scaled, or nothing."""
    if full == 1:
        return ""
    return (
        f"No weight in this layer exceeds {percent(full)}, so {percent(full)} is drawn at full opacity here."
    )


def unavailable(attention: Attention) -> np.ndarray:
    """Which weights cannot be other than 0, as the model hides later tokens: bool (queries, keys)."""
    query = np.array([token.position for token in attention.queries])
    key = np.array([token.position for token in attention.keys])
    return attention.causal & (key > query[:, None])


def filled(weights: np.ndarray) -> np.ndarray:
    """Attention (..., queries, keys) with zeros for empty rows, which are NaN as a whole."""
    # Looking first, at one key, saves a large copy in the usual case.
    return np.nan_to_num(weights) if np.isnan(weights[..., 0]).any() else weights
