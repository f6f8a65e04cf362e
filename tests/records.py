"""Records made by hand: of chosen weights, of random ones, or of random vectors and what they give."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from attnlit.attention.record import Attention, Token
from attnlit.attention.vectors import LayerInputs

MASKED = np.float32(np.finfo(np.float32).min)
SPECIAL = ("[CLS]", "[SEP]")


def tokens(texts: Sequence[str], special: Sequence[str] = SPECIAL) -> tuple[Token, ...]:
    """One token a text, in one sentence; its place is its id."""
    return tuple(
        Token(id=place, text=text, raw=text, special=text in special, segment=0, position=place)
        for place, text in enumerate(texts)
    )


def numbered(count: int, name: str = "t") -> list[str]:
    """The texts "t0", "t1" ..."""
    return [f"{name}{place}" for place in range(count)]


def record(
    weights: np.ndarray,
    query: Sequence[str] | None = None,
    key: Sequence[str] | None = None,
    *,
    causal: bool = False,
    kind: str = "self",
    special: Sequence[str] = SPECIAL,
) -> Attention:
    """A record of these weights (L, H, Q, K) alone, between these tokens: "t0", "t1" ... if left out."""
    weights = np.asarray(weights, np.float32)
    query = numbered(weights.shape[2]) if query is None else query
    if key is None:
        key = query if weights.shape[3] == len(query) else numbered(weights.shape[3])
    return Attention(
        weights=weights,
        queries=tokens(query, special),
        keys=tokens(key, special),
        model="hand-made",
        kind=kind,
        causal=causal,
        text=" ".join(query),
        pair=None,
        why_no_vectors="only its weights were recorded.",
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
    return record(
        softmax(scores),
        numbered(queries, "from"),
        numbered(keys, "to"),
        causal=causal,
        kind="self" if queries == keys else "cross",
    )


def vectors_record(
    *,
    layers: int = 2,
    heads: int = 4,
    queries: int = 6,
    keys: int | None = None,
    dimensions: int = 8,
    key_heads: int | None = None,
    causal: bool = False,
    bias: bool = False,
    scaling: float | None = None,
    seed: int = 0,
) -> Attention:
    """A record of random vectors, its weights computed from them here by the definition of attention."""
    random = np.random.default_rng(seed)
    keys = queries if keys is None else keys
    key_heads = heads if key_heads is None else key_heads
    scaling = dimensions**-0.5 if scaling is None else scaling
    later = np.arange(keys) > np.arange(queries)[:, None]
    distance = -0.3 * np.abs(np.arange(keys) - np.arange(queries)[:, None])
    inputs, weights = [], np.empty((layers, heads, queries, keys), np.float32)
    for layer in range(layers):
        q = random.normal(size=(heads, queries, dimensions)).astype(np.float32)
        k = random.normal(size=(key_heads, keys, dimensions)).astype(np.float32)
        scores = scaling * q @ np.repeat(k, heads // key_heads, axis=0).swapaxes(1, 2)
        weights[layer] = softmax(scores + (distance if bias else 0) + np.where(later & causal, -np.inf, 0))
        inputs.append(
            LayerInputs(
                q=q,
                k=k,
                scaling=scaling,
                bias=distance.astype(np.float32)[None] if bias else None,
                mask=np.where(later, MASKED, np.float32(0))[None] if causal else None,
            )
        )
    return Attention(
        weights=weights,
        queries=tokens(numbered(queries), ("t0",)),
        keys=tokens(numbered(keys), ("t0",)),
        model="hand-made",
        kind="self" if keys == queries else "cross",
        causal=causal,
        text="",
        pair=None,
        inputs=tuple(inputs),
    )


def softmax(scores: np.ndarray) -> np.ndarray:
    """Over the last axis."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights: np.ndarray = powers / powers.sum(axis=-1, keepdims=True)
    return weights
