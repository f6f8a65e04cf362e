"""Records of chosen weights between chosen words, without vectors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from attnlit.attention.record import Attention, Token


def tokens(texts: Sequence[str], special: Sequence[str] = ("[CLS]", "[SEP]")) -> tuple[Token, ...]:
    return tuple(
        Token(id=place, text=text, raw=text, special=text in special, segment=0, position=place)
        for place, text in enumerate(texts)
    )


def record(
    weights: np.ndarray,
    query: Sequence[str],
    key: Sequence[str] | None = None,
    *,
    causal: bool = False,
    kind: str = "self",
) -> Attention:
    """A record of ``weights`` (layers, heads, queries, keys) between these tokens."""
    return Attention(
        weights=weights.astype(np.float32),
        queries=tokens(query),
        keys=tokens(query if key is None else key),
        model="hand-made",
        kind=kind,
        causal=causal,
        text=" ".join(query),
        pair=None,
    )


def random_record(
    layers: int = 2,
    heads: int = 3,
    queries: int = 5,
    keys: int | None = None,
    *,
    causal: bool = False,
    seed: int = 0,
    spread: float = 2,
) -> Attention:
    """Rows of a softmax over random scores."""
    keys = queries if keys is None else keys
    scores = np.random.default_rng(seed).normal(0, spread, (layers, heads, queries, keys))
    if causal:
        scores[..., ~np.tri(queries, keys, dtype=bool)] = -np.inf
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    return record(
        weights,
        [f"from{place}" for place in range(queries)],
        [f"to{place}" for place in range(keys)],
        causal=causal,
        kind="self" if queries == keys else "cross",
    )
