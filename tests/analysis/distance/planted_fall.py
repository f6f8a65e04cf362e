"""Heads whose fall with distance is known."""

from __future__ import annotations

import numpy as np

from tests import planted

SLOPE = 0.15  # nats of score that the planted head loses with every token


def even(tokens: int, *, causal: bool = True) -> np.ndarray:
    seen = np.tri(tokens) if causal else np.ones((tokens, tokens))
    return (seen / seen.sum(1, keepdims=True))[None, None]


def words(count: int) -> list[str]:
    return [f"w{place}" for place in range(count)]


TEXTS = [" ".join(np.random.default_rng(seed).choice(planted.WORDS[6:], 100)) for seed in range(2)]
