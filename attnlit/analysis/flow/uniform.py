"""The null of every picture of flow: attention spread evenly over what the mask lets a token see.

A causal mask alone sends almost everything to the first token: each layer passes on what earlier tokens hold,
and nothing comes back (Wu et al. 2025, arXiv 2502.01951). What a model adds shows only beside this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from attnlit.attention.record import Attention


def visible(attention: Attention, layer: int) -> np.ndarray:
    """Which keys each query may see in a layer: bool (heads or 1, queries, keys); 1 where heads see alike.

    Read from the mask that the model added to its scores. Where only weights are recorded, a key counts as
    seen if any head of the layer gives it weight.
    """
    if attention.inputs:
        return attention.inputs[attention.row(layer)].visible
    seen = (attention.weights[attention.row(layer)] > 0).any(axis=0, keepdims=True)
    return seen & np.tri(seen.shape[1], dtype=bool) if attention.causal else seen


def uniform_weights(attention: Attention, layer: int) -> np.ndarray:
    """Uniform attention under the layer's own mask: float64 (heads or 1, queries, keys); rows sum to 1.

    A learned sink is the model's choice, not the mask's: here nothing goes to it.
    """
    seen = visible(attention, layer)
    return seen / np.maximum(seen.sum(axis=-1, keepdims=True), 1)
