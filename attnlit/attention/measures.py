"""What can be measured of one head's weights without knowing what it is for. Pure numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from attnlit.attention.record import Attention

TINY = 1e-30  # what a weight of 0 is taken for where its logarithm is needed
NO_ATTENTION = 1e-6  # a row with less weight than this is empty: a filter has hidden its keys


def row_entropies(weights: np.ndarray) -> np.ndarray:
    """How widely each query of (Q, K) spreads its attention: (Q,) in nats, NaN for an empty row.

    A filtered row adds up to less than 1; its entropy is that of the row divided by its sum.
    """
    total = weights.sum(axis=-1)  # (Q,)
    logarithm = np.log(weights + np.float32(TINY))
    with np.errstate(divide="ignore", invalid="ignore"):
        entropy = np.log(total) - np.einsum("qk,qk->q", weights, logarithm) / total
    return np.where(total > NO_ATTENTION, np.maximum(entropy, 0), np.nan)


def looks_back(attention: Attention, weights: np.ndarray, every: int = 1) -> float:
    """How far back a head's weights (Q, K) look, in tokens: sum of A (i - j) / sum of A.

    Negative where it looks ahead; NaN where there is no weight, and in cross-attention, whose two texts have
    no common order. With `every` only each so-many-th query counts. Vig and Belinkov 2019 (arXiv 1906.04284),
    section 4.2.
    """
    query = np.array([token.position for token in attention.queries[::every]], np.float32)
    key = np.array([token.position for token in attention.keys], np.float32)
    rows = weights[::every]
    total = rows.sum(axis=-1)  # (Q,)
    weight = float(total.sum())
    if attention.kind == "cross" or weight <= NO_ATTENTION:
        return float("nan")
    return float((query * total - rows @ key).sum()) / weight


def strongest_pair(attention: Attention, weights: np.ndarray) -> tuple[int, int] | None:
    """Query and key, as indices, of a head's largest weight (Q, K) that tells something; None without any.

    A causal model's first token sees only itself, and special tokens are no words: both are left out, unless
    nothing else has weight.
    """
    queries = np.array([not token.special for token in attention.queries])
    keys = np.array([not token.special for token in attention.keys])
    if attention.causal:
        queries &= np.array([token.position > 0 for token in attention.queries])
    telling = np.where(queries[:, None] & keys, weights, 0)
    for candidates in (telling, weights):
        query, key = np.unravel_index(int(np.argmax(candidates)), candidates.shape)
        if candidates[query, key] > 0:
            return int(query), int(key)
    return None
