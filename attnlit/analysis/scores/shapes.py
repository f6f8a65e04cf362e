"""The five shapes of Kovaleva et al. 2019 (arXiv 1908.08593, section 4.1), told by a rule.

The paper trained a network on maps that people had labelled; this is a rule with thresholds of ours, so
shares will not agree with the paper's to the percent. Of a head's attention on one text

- `d` stays near the diagonal: on the token itself and its two neighbours;
- `v` goes from further away to few keys: the first token, special tokens, and the key that gets most.

vertical and diagonal: v and d at least 1/4, together at least 3/4. vertical: v at least 1/2. diagonal: d at
least 1/2. block: of a pair, at least 0.8 inside the own sentence. heterogeneous: the rest. In this order.
"""

from __future__ import annotations

import numpy as np

SHAPES = ("vertical", "diagonal", "vertical_diagonal", "block", "heterogeneous")
BOTH_EACH, BOTH_TOGETHER, ONE, INSIDE = 0.25, 0.75, 0.5, 0.8


def shapes(weights: np.ndarray, special: np.ndarray, sentences: np.ndarray) -> dict[str, np.ndarray]:
    """Which shape each head has on a text: bool (L, H) by the names of SHAPES, exactly one true.

    weights: (L, H, N, N) of self-attention on a whole text. special: bool (N,). sentences: int (N,), 0 or 1,
    and -1 for special tokens.
    """
    places = np.arange(weights.shape[-1])
    near = np.abs(places[:, None] - places) <= 1  # (Q, K)
    diagonal = weights[:, :, near].sum(-1, dtype=np.float64) / len(places)
    columns = np.einsum("lhqk,qk->lhk", weights, ~near, dtype=np.float64) / len(places)
    few = special | (places == 0)
    vertical = columns[..., few].sum(-1) + np.where(few, 0.0, columns).max(-1)
    both = (np.minimum(vertical, diagonal) >= BOTH_EACH) & (vertical + diagonal >= BOTH_TOGETHER)
    rest = ~both
    found = {"vertical_diagonal": both}
    for name, condition in (
        ("vertical", vertical >= ONE),
        ("diagonal", diagonal >= ONE),
        ("block", _inside(weights, sentences) >= INSIDE),
    ):
        found[name] = rest & condition
        rest = rest & ~condition
    return {name: found.get(name, rest) for name in SHAPES}


def _inside(weights: np.ndarray, sentences: np.ndarray) -> np.ndarray:
    """Attention of a pair's tokens to their own sentence, (L, H); 0 where there is no pair."""
    if not {0, 1} <= set(sentences.tolist()):
        return np.zeros(weights.shape[:2])
    queries = np.flatnonzero(sentences >= 0)
    own = sentences[queries, None] == sentences[None]  # (Q, K)
    return np.einsum("lhqk,qk->lh", weights[:, :, queries], own, dtype=np.float64) / len(queries)
