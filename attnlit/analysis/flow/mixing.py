"""One matrix a layer: how much of each token's new state comes from each token's old one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from attnlit.analysis.flow.uniform import uniform_weights
from attnlit.attention.given import checked_pairs, checked_switch
from attnlit.attention.record import ATTENTION, check_record
from attnlit.attention.rows import Heads
from attnlit.errors import AttnlitError

if TYPE_CHECKING:
    from attnlit.attention.record import Attention

STAYS = 0.5  # of a token's state, in each layer, along the residual connection (Abnar & Zuidema 2020)


def mixing(attention: Attention, *, uniform: bool, residual: bool, heads: Heads) -> np.ndarray:
    """The mixing matrices of all layers: float64 (L, N, N), from token i above to token j below.

    The mean over heads of their weights, or of uniform attention under their masks; with `residual`, half of
    that and half of the token itself. A row sums to 1, less what a learned sink takes, which goes nowhere.
    Of `heads`, pairs (layer, head), only the named ones count; in a layer without any each token stays as it
    is. Raises AttnlitError for a record that is not the whole of a text looking at itself.
    """
    check_whole(attention)
    uniform, residual = checked_switch(uniform, "uniform"), checked_switch(residual, "residual")
    heads = None if heads is None else checked_pairs(heads)
    for layer, head in heads or ():
        attention.row(layer, head)
    itself = np.eye(len(attention.queries))
    layers = []
    for layer, own in zip(attention.layer_numbers, attention.weights, strict=True):
        chosen = range(attention.heads) if heads is None else sorted({h for at, h in heads if at == layer})
        weights = uniform_weights(attention, layer) if uniform else own
        if not chosen:
            layers.append(itself)
            continue
        if len(weights) > 1:
            weights = weights[list(chosen)]
        looked = weights.mean(axis=0, dtype=np.float64)
        layers.append(STAYS * looked + (1 - STAYS) * itself if residual else looked)
    return np.stack(layers)


def mixing_of_contributions(attention: Attention, contributions: np.ndarray) -> np.ndarray:
    """The mixing matrices of measured contributions (L, N, N): each row divided by its sum.

    The residual connection is part of what was measured. Raises AttnlitError for another shape, and for
    contributions that are negative or not finite.
    """
    check_whole(attention)
    expected = (attention.layers, len(attention.queries), len(attention.queries))
    shape = np.shape(contributions)
    if shape != expected:
        raise AttnlitError(
            f"Contributions have the shape {shape}, but this record needs {expected}: layers, tokens, tokens."
        )
    if not (np.isfinite(contributions).all() and (contributions >= 0).all()):
        raise AttnlitError("Contributions must be finite and not negative: shares are made of them.")
    sums = contributions.sum(axis=-1, keepdims=True, dtype=np.float64)
    if not sums.all():
        raise AttnlitError("A token has no contributions at all, not even its own: no shares can be made.")
    return contributions / sums


def check_whole(attention: Attention) -> None:
    """Raises AttnlitError unless the record is all of a text looking at itself."""
    check_record(attention)
    if attention.kind == "cross":
        raise AttnlitError(
            "Cross-attention joins two texts, so it cannot be followed from layer to layer. "
            "Choose the encoder or the decoder."
        )
    if attention.weighs != ATTENTION:
        raise AttnlitError(
            "Rollout and flow are made of attention weights, but this record holds lengths of vectors. "
            "Record the text with attnlit.attend."
        )
    if not attention.whole:
        raise AttnlitError(
            "Information flows through every token, so the whole record is needed: show all sentences and "
            "special tokens, and pieces instead of whole words."
        )
    if len(attention.queries) != len(attention.keys):
        raise AttnlitError(
            f"Information flows from layer to layer only where the same tokens look and are looked at. Here "
            f"{len(attention.queries)} look at {len(attention.keys)} others."
        )
