"""Inactive heads: heads that write next to nothing, wherever they look.

An attention sink need not be inactive, and an inactive head need not be a sink (Sandoval-Segura et al. 2025,
arXiv 2504.03889): what counts is how long a head's vectors are, compared with those of its layer.
"""

from __future__ import annotations

import numpy as np

from attnlit.analysis.scores.positions import mean

# Of what a head of the layer writes into the token on average. Before training heads differ by a factor of
# two or so, and none by ten.
LITTLE = 0.1


def inactive(lengths: np.ndarray) -> np.ndarray:
    """The share of tokens into which a head writes next to nothing: (L, H).

    lengths: (L, H, Q) of all that a head writes into a token. A layer that writes nothing at all has no head
    that writes less than the others.
    """
    return mean(lengths < LITTLE * lengths.mean(1, keepdims=True))
