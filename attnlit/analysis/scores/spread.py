"""How widely and how differently heads look: entropy, variability, divergence; rows without their first key.

Weights are (L, H, Q, K); their rows sum to 1 (less with a learned sink).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from attnlit.analysis.scores.positions import mean

# Rows with more than this on the first token are left out of scores "without the first token" (Vig and
# Belinkov 2019, arXiv 1906.04284, section 4.2).
SKIPPED_ABOVE = 0.9


def entropy(weights: np.ndarray) -> np.ndarray:
    """How widely a head spreads its attention, in nats: mean over the queries of -sum of A log A, (L, H).

    Clark et al. 2019 (arXiv 1906.04341), section 3.3: broad above 3.8 nats.
    """
    return np.stack([mean(_entropy(layer)) for layer in weights])  # a layer at a time: long texts are large


@dataclass(frozen=True, eq=False)
class BeyondFirst:
    """Scores of what does not go to the first key: float64 (L, H), NaN where no row is left."""

    entropy: np.ndarray  # nats
    distance: np.ndarray  # tokens back
    rows: np.ndarray  # int (L, H): how many queries are left


def beyond_first(weights: np.ndarray) -> BeyondFirst:
    """Entropy and distance without the first key: each row divided by what remains.

    Rows with over 90 % on the first key are skipped (Vig and Belinkov 2019), so that each head has its own
    number of rows.
    """
    entropies, distances, rows = np.full((3, *weights.shape[:2]), np.nan)
    keys = np.arange(1, weights.shape[-1])
    for layer, matrices in enumerate(weights):  # (H, Q, K)
        kept = looks_beyond_first(matrices)  # (H, Q)
        rest = matrices[..., 1:].astype(np.float64)
        rest /= np.where(kept, rest.sum(-1), 1.0)[..., None]
        back = np.arange(rest.shape[-2]) - rest @ keys
        rows[layer] = kept.sum(-1)
        count = np.where(rows[layer] > 0, rows[layer], np.nan)
        entropies[layer] = np.where(kept, _entropy(rest), 0.0).sum(-1) / count
        distances[layer] = np.where(kept, back, 0.0).sum(-1) / count
    return BeyondFirst(entropies, distances, rows.astype(int))


def looks_beyond_first(matrices: np.ndarray) -> np.ndarray:
    """Which rows of (H, Q, K) have enough beyond the first key: bool (H, Q).

    A learned sink may have taken all the rest of a row.
    """
    left = matrices[..., 1:].sum(-1, dtype=np.float64)
    return (matrices[..., 0] <= SKIPPED_ABOVE * matrices.sum(-1, dtype=np.float64)) & (left > 0)


def variability(weights: Sequence[np.ndarray], tokens: int = 10) -> np.ndarray:
    """How much a head's picture changes with the words: 0 for a head that follows position alone, up to 1.

    weights: one array a text, of which the first `tokens` tokens are compared (Vig and Belinkov 2019, 4.3).
    """
    stack = np.stack([each[..., :tokens, :tokens] for each in weights]).astype(np.float64)
    return np.abs(stack - stack.mean(0)).sum((0, -2, -1)) / (2 * stack.sum((0, -2, -1)))


def divergence(weights: np.ndarray) -> np.ndarray:
    """How differently two heads look: Jensen-Shannon divergence of their rows, summed over the queries.

    float64 (L · H, L · H), in nats, for the map of heads. Clark et al. 2019, section 6.
    """
    rows = weights.reshape(-1, *weights.shape[-2:]).astype(np.float64)
    own = _entropy(rows).sum(-1)
    found = np.zeros((len(rows), len(rows)))
    for i in range(len(rows)):
        middle = _entropy((rows[i] + rows[i:]) / 2).sum(-1)
        found[i, i:] = found[i:, i] = middle - (own[i] + own[i:]) / 2
    return np.maximum(found, 0.0)


def _entropy(rows: np.ndarray) -> np.ndarray:
    rows = rows.astype(np.float64)
    return -(rows * np.log(np.where(rows > 0, rows, 1.0))).sum(-1)
