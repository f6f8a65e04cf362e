"""Rows of two records on the tokens that line up, so that they can be compared.

What a row gives to tokens that do not line up, and what a learned sink takes of it, is added up in one last
column, "elsewhere": nothing is renormalised in silence.
"""

from __future__ import annotations

import numpy as np

from attnlit.analysis.scores.spread import row_divergence


def on_these(weights: np.ndarray, queries: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """Rows of some queries on some keys, and elsewhere: float64 (..., queries, keys + 1); each sums to 1.

    weights: attention, (..., Q, K).
    """
    rows = np.nan_to_num(weights[..., queries, :][..., keys]).astype(np.float64)
    elsewhere = np.clip(1 - rows.sum(-1, keepdims=True), 0, None)
    rows = np.concatenate([rows, elsewhere], axis=-1)
    return rows / rows.sum(-1, keepdims=True)  # by rounding alone


def distance(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Mean over the queries of the Jensen-Shannon divergence of rows (..., queries, keys): float64 (...).

    In nats: 0 where both look alike, 0.69 (log 2) where they share no token (Clark et al. 2019, section 6).
    """
    return row_divergence(first, second).mean(-1)
