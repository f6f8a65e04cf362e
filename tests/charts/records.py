"""Hand-made attention records: known vectors, and weights that are the softmax of their scores."""

from __future__ import annotations

import numpy as np

from attnlit.attention.record import Attention, Token
from attnlit.attention.vectors import LayerInputs

MASKED = np.float32(np.finfo(np.float32).min)


def tokens(count: int, *, special: tuple[int, ...] = ()) -> tuple[Token, ...]:
    """Tokens "t0", "t1" ... of which some are special."""
    return tuple(
        Token(
            id=place, text=f"t{place}", raw=f"t{place}", special=place in special, segment=0, position=place
        )
        for place in range(count)
    )


def weights_record(weights: np.ndarray, *, kind: str = "self") -> Attention:
    """A record of these weights (layers, heads, queries, keys) alone, without vectors."""
    weights = np.asarray(weights, np.float32)
    return Attention(
        weights=weights,
        queries=tokens(weights.shape[2]),
        keys=tokens(weights.shape[3]),
        model="made by hand",
        kind=kind,
        causal=False,
        text="",
        pair=None,
        why_no_vectors="only its weights were recorded.",
    )


def record(
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
    inputs, weights = [], np.empty((layers, heads, queries, keys), np.float32)
    for layer in range(layers):
        q = random.normal(size=(heads, queries, dimensions)).astype(np.float32)
        k = random.normal(size=(key_heads, keys, dimensions)).astype(np.float32)
        distance = -0.3 * np.abs(np.arange(keys) - np.arange(queries)[:, None])
        scores = scaling * q @ np.repeat(k, heads // key_heads, axis=0).swapaxes(1, 2)
        scores = scores + (distance if bias else 0) + np.where(later & causal, -np.inf, 0)
        power = np.exp(scores - scores.max(axis=-1, keepdims=True))
        weights[layer] = power / power.sum(axis=-1, keepdims=True)
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
        queries=tokens(queries, special=(0,)),
        keys=tokens(keys, special=(0,)),
        model="made by hand",
        kind="self" if keys == queries else "cross",
        causal=causal,
        text="",
        pair=None,
        inputs=tuple(inputs),
    )
