"""Scores by position: the token before or after, the token itself, the first one, one fixed distance.

Every function takes weights (L, H, Q, K), whose rows sum to 1 (less with a learned sink), and gives (L, H).
"""

from __future__ import annotations

import numpy as np

REACH = 8  # tokens: over many texts a positional head keeps an offset up to this


def mean(values: np.ndarray) -> np.ndarray:
    """Mean over the last axis in float64; NaN and no warning where it is empty."""
    if values.shape[-1] == 0:
        return np.full(values.shape[:-1], np.nan)
    return values.mean(-1, dtype=np.float64)


def at_offset(weights: np.ndarray, offset: int) -> np.ndarray:
    """Mean A[i, i + offset] over the queries that have such a key."""
    return mean(np.diagonal(weights, offset, -2, -1))


def previous_token(weights: np.ndarray) -> np.ndarray:
    """Mean A[i, i - 1]; a head of this kind above 0.5 (Clark et al. 2019, arXiv 1906.04341, section 3.1)."""
    return at_offset(weights, -1)


def next_token(weights: np.ndarray) -> np.ndarray:
    """Mean A[i, i + 1]; only for models that see what follows. Clark et al. 2019, section 3.1."""
    return at_offset(weights, 1)


def current_token(weights: np.ndarray) -> np.ndarray:
    """Mean A[i, i] without the first query, which sees nothing else in a causal model."""
    return at_offset(weights[..., 1:, 1:], 0)


def first_token(weights: np.ndarray) -> np.ndarray:
    """Mean A[i, 0] over all queries: a head rests there above 0.3 (Gu et al. 2024, arXiv 2410.10781).

    A causal model's first query sees nothing else and counts as 1.
    """
    return mean(weights[..., 0])


def positional(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The most frequent offset j - i of the strongest key, and the share it has.

    The share is of the queries that have a key at this offset: the first token has none before it. A
    positional head from 0.9 on (Voita et al. 2019, arXiv 1905.09418). int and float (L, H).
    """
    reach = max(weights.shape[-2:]) - 1
    counts = offset_counts(weights, reach)
    best = most_frequent(counts)  # (L, H)
    possible = queries_with_offset(weights, reach)
    return best - reach, np.take_along_axis(counts, best[None], 0)[0] / possible[best]


def offset_counts(weights: np.ndarray, reach: int) -> np.ndarray:
    """How many queries have their strongest key at each offset j - i from -reach to reach.

    int (2 reach + 1, L, H).
    """
    layers, heads, queries, _ = weights.shape
    offsets = weights.argmax(-1) - np.arange(queries)  # (L, H, Q)
    size = 2 * reach + 3  # with one more at each end, for all that are further away
    place = np.clip(offsets + reach + 1, 0, size - 1).reshape(layers * heads, queries)
    place += size * np.arange(layers * heads)[:, None]
    counts = np.bincount(place.ravel(), minlength=layers * heads * size)
    return counts.reshape(layers, heads, size).transpose(2, 0, 1)[1:-1]


def offset_shares(weights: np.ndarray, reach: int) -> np.ndarray:
    """Of the queries that have a key at an offset, the share whose strongest key it is.

    float64 (2 reach + 1, L, H), offsets j - i from -reach to reach; NaN where no query has such a key.
    """
    possible = queries_with_offset(weights, reach)[:, None, None]
    return offset_counts(weights, reach) / np.where(possible > 0, possible, np.nan)


def queries_with_offset(weights: np.ndarray, reach: int) -> np.ndarray:
    """How many queries i have a key i + offset, for each offset from -reach to reach: int (2 reach + 1,)"""
    queries, keys = weights.shape[2:]
    offsets = np.arange(-reach, reach + 1)
    return np.maximum(np.minimum(queries, keys - offsets) - np.maximum(0, -offsets), 0)


def most_frequent(counts: np.ndarray) -> np.ndarray:
    """Which of `offset_counts` is the largest, (L, H); of equal ones the nearest to the query.

    Not the one with the largest share: far offsets are had by one or two queries of a text.
    """
    middle = len(counts) // 2
    nearest_first = np.array(sorted(range(len(counts)), key=lambda place: abs(place - middle)))
    return nearest_first[counts[nearest_first].argmax(0)]
