"""How widely and how differently heads look: entropy, variability, divergence.

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


@dataclass(frozen=True, eq=False)
class Spread:
    """How widely heads spread their attention, with and without the first key: float64 (L, H).

    Without it each row is divided by what remains, and rows with over 90 % on it are skipped (Vig and
    Belinkov 2019), so that each head has its own number of rows. NaN where no row is left.
    """

    entropy: np.ndarray  # nats
    entropy_rest: np.ndarray  # nats, without the first key
    distance_rest: np.ndarray  # tokens back, without the first key
    rows_rest: np.ndarray  # int (L, H): how many queries are left


def spread(weights: np.ndarray) -> Spread:
    """The spread of every head, from one logarithm of each weight.

    Entropy: mean over the queries of -sum of A log A. Clark et al. 2019 (arXiv 1906.04341), section 3.3:
    broad above 3.8 nats.
    """
    found = np.full((4, *weights.shape[:2]), np.nan)
    keys = np.arange(1.0, weights.shape[-1])
    for layer, matrices in enumerate(weights):  # (H, Q, K); a layer at a time: long texts are large
        terms = _entropy_terms(matrices)
        kept = looks_beyond_first(matrices)  # (H, Q)
        rest = matrices[..., 1:]
        left = np.where(kept, rest.sum(-1, dtype=np.float64), 1.0)
        # A row divided by what is left of it: -sum of (A / left) log (A / left).
        entropy = np.log(left) + terms[..., 1:].sum(-1) / left
        back = np.arange(rest.shape[-2]) - rest @ keys / left
        rows = kept.sum(-1)
        found[0, layer] = mean(terms.sum(-1))
        for place, values in ((1, entropy), (2, back)):
            found[place, layer] = np.where(kept, values, 0.0).sum(-1) / np.where(rows > 0, rows, np.nan)
        found[3, layer] = rows
    entropies, entropies_rest, distances_rest, rows_rest = found
    return Spread(entropies, entropies_rest, distances_rest, rows_rest.astype(int))


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


def row_divergence(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Jensen-Shannon divergence of two rows of attention: float64 (..., Q), in nats, at most log 2.

    first, second: (..., Q, K), or of shapes that broadcast to that.
    """
    middle = _entropy((first + second) / 2)
    return np.maximum(middle - (_entropy(first) + _entropy(second)) / 2, 0.0)


def _entropy(rows: np.ndarray) -> np.ndarray:
    return _entropy_terms(rows).sum(-1)


def _entropy_terms(rows: np.ndarray) -> np.ndarray:
    """-A log A of each weight, in float64; 0 where there is none."""
    terms = np.maximum(rows, np.finfo(np.float64).tiny, dtype=np.float64)
    np.log(terms, out=terms)
    return np.multiply(terms, -rows.astype(np.float64, copy=False), out=terms)
