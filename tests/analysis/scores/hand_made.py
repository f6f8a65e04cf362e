"""Patterns whose scores are known without running the code."""

import numpy as np

from attnlit.attention.record import Attention, Token

N = 6


def planted(*matrices):
    """(1, heads, queries, keys): one layer, one head a matrix."""
    return np.stack(matrices)[None].astype(np.float32)


def looking_at(targets, keys=N):
    """Each query i puts all its attention on key targets[i]."""
    return np.eye(keys)[np.asarray(targets)]


PREVIOUS = looking_at([0, 0, 1, 2, 3, 4])
NEXT = looking_at([1, 2, 3, 4, 5, 5])
FIRST = looking_at([0] * N)
UNIFORM = np.full((N, N), 1 / N)
CAUSAL_UNIFORM = np.tril(np.ones((N, N))) / np.arange(1, N + 1)[:, None]
PAIR = [("[CLS]", None), ("cat", 0), (".", 0), ("[SEP]", None), ("cat", 1), ("[SEP]", None)]


def record(weights, words, causal, kind="self"):
    """words: (text, segment); a None segment marks a special token. Ids are the words' own."""
    known = {}
    tokens = tuple(
        Token(
            id=known.setdefault(text, len(known)),
            text=text,
            raw=text,
            special=segment is None,
            segment=segment,
            position=i,
        )
        for i, (text, segment) in enumerate(words)
    )
    return Attention(
        weights=weights,
        queries=tokens,
        keys=tokens,
        model="planted",
        kind=kind,
        causal=causal,
        text="",
        pair=None,
    )


def pair_record():
    weights = np.random.default_rng(0).dirichlet(np.ones(N), (1, 2, N)).astype(np.float32)
    return record(weights, PAIR, causal=False)
