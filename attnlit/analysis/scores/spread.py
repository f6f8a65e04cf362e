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
NUMBERS_AT_ONCE = 1_000_000  # weights of which logarithms are in memory
_NEXT_TO_NOTHING = 1e-30  # smaller weights say nothing, and logarithms near float32's end are slow


@dataclass(frozen=True, eq=False)
class Spread:
    """How widely heads spread their attention, with and without the first key: float64 (L, H).

    Without it each row is divided by what remains, and rows with over 90 % on it are skipped (Vig and
    Belinkov 2019), so that each head has its own number of rows. NaN where no row is left.
    """

    entropy: np.ndarray  # nats
    # Tokens back: sum of A (i - j) / sum of A, negative where a head looks ahead. Vig and Belinkov 2019, 4.2.
    distance: np.ndarray
    entropy_rest: np.ndarray  # nats, without the first key
    distance_rest: np.ndarray  # tokens back, without the first key
    rows_rest: np.ndarray  # int (L, H): how many queries are left


def spread(weights: np.ndarray) -> Spread:
    """The spread of every head, from one logarithm of each weight.

    Entropy: mean over the queries of -sum of A log A. Clark et al. 2019 (arXiv 1906.04341), section 3.3:
    broad above 3.8 nats.
    """
    layers, *matrices = weights.shape
    at_once = max(1, NUMBERS_AT_ONCE // max(1, int(np.prod(matrices))))  # layers: long texts are large
    parts = [_spread(weights[start : start + at_once]) for start in range(0, layers, at_once)]
    return Spread(*(np.concatenate(values) for values in zip(*parts, strict=True)))


def _spread(weights: np.ndarray) -> tuple[np.ndarray, ...]:
    """The fields of `Spread` for a few layers."""
    terms = _entropy_terms(weights)
    entropies = _row_sums(terms)  # (L, H, Q)
    first = weights[..., 0].astype(np.float64)
    total = _row_sums(weights)
    left = total - first
    kept = (first <= SKIPPED_ABOVE * total) & (left > 0)  # a learned sink may have taken all the rest
    left = np.where(kept, left, 1.0)
    # A row divided by what is left of it: -sum of (A / left) log (A / left).
    entropies_rest = np.log(left) + (entropies - terms[..., 0]) / left
    places = np.arange(weights.shape[-1], dtype=np.float64)
    reached = np.einsum("lhqk,k->lhq", weights, places, dtype=np.float64)
    queries = np.arange(weights.shape[-2])
    distance = (queries * total - reached).sum(-1) / total.sum(-1)
    rows = kept.sum(-1)
    some = np.where(rows > 0, rows, np.nan)
    rest = (np.where(kept, each, 0.0).sum(-1) / some for each in (entropies_rest, queries - reached / left))
    return mean(entropies), distance, *rest, rows


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
    first, second = (rows.astype(np.float64, copy=False) for rows in (first, second))
    middle = _entropy((first + second) / 2)
    return np.maximum(middle - (_entropy(first) + _entropy(second)) / 2, 0.0)


def _entropy(rows: np.ndarray) -> np.ndarray:
    return _entropy_terms(rows).sum(-1)


def _entropy_terms(rows: np.ndarray) -> np.ndarray:
    """-A log A of each weight, as exact as the weights are; 0 where there is none."""
    terms = np.maximum(rows, _NEXT_TO_NOTHING)
    np.log(terms, out=terms)
    terms *= rows
    return np.negative(terms, out=terms)


def _row_sums(values: np.ndarray) -> np.ndarray:
    """The sum of each row in float64; faster than `sum` for rows as short as those of a sentence."""
    return np.einsum("...k->...", values, dtype=np.float64)
