"""The single looks of one text: of each head the strongest at each distance, and what it usually gives there.

A weight alone says little: a head that always looks at the token before gives it .99 in every sentence. So a
look is compared with what the same head usually gives at the same distance; `examples` ranks by that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from attnlit.attention.record import Attention, Token

# Tokens from query to key: of each group of distances the first. Farther away there are fewer looks of each.
DISTANCES = (1, 2, 3, 5, 9, 17, 33)
CLEAR = 0.5  # a head looks clearly at a token that gets at least so much of a query's attention
FLOOR = 1e-6  # a smaller weight counts as this one: its logarithm would outweigh all others
NOBODY = -1  # in place of a text, a query or a key: there is none


@dataclass(frozen=True, eq=False)
class Looks:
    """The looks of one text: L layers, H heads, B groups of distances."""

    # The strongest look of each group: float32 (L, H, B), 0 where there is none ...
    weights: np.ndarray
    # ... from which token to which: int32 (L, H, B), NOBODY where there is none.
    queries: np.ndarray
    keys: np.ndarray
    # Sums of the logarithms of all weights, float64 (L, H, B), and how many they are, int64 (B,).
    logs: np.ndarray
    pairs: np.ndarray


def groups(kind: str, causal: bool) -> int:
    """How many groups of distances there are: back and ahead apart; one for attention between two texts."""
    if kind == "cross":
        return 1
    return len(DISTANCES) if causal else 2 * len(DISTANCES)


def looks_of(record: Attention) -> Looks:
    """The looks of a whole text, without those that say nothing of its words.

    Left out are special tokens, a token's look at itself, and the first token, on which heads rest.
    """
    layers, heads = record.weights.shape[:2]
    queries, keys, group = _pairs(record)
    count = groups(record.kind, record.causal)
    pairs = np.bincount(group, minlength=count).astype(np.int64)
    weights = record.weights[:, :, queries, keys].reshape(layers * heads, -1)  # pairs ordered by group
    logs = np.log(np.maximum(weights, FLOOR), dtype=np.float64)
    found = Looks(
        weights=np.zeros((layers, heads, count), np.float32),
        queries=np.full((layers, heads, count), NOBODY, np.int32),
        keys=np.full((layers, heads, count), NOBODY, np.int32),
        logs=np.zeros((layers, heads, count)),
        pairs=pairs,
    )
    ends = np.cumsum(pairs)
    for number in np.flatnonzero(pairs):
        part = slice(int(ends[number] - pairs[number]), int(ends[number]))
        best = weights[:, part].argmax(1) + part.start  # (L · H,)
        best_weights = np.take_along_axis(weights, best[:, None], 1)
        found.weights[..., number] = best_weights.reshape(layers, heads)
        found.queries[..., number] = queries[best].reshape(layers, heads)
        found.keys[..., number] = keys[best].reshape(layers, heads)
        found.logs[..., number] = logs[:, part].sum(1).reshape(layers, heads)
    return found


def strongest(record: Attention, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(value, query, key) of each head's largest value at one of the looks that count: (L, H) each.

    values: (L, H, Q, K), such as lengths of what is passed on.
    """
    shape = values.shape[:2]
    queries, keys, _ = _pairs(record)
    if not len(queries):
        nobody = np.full(shape, NOBODY, np.int32)
        return np.zeros(shape, np.float32), nobody, nobody
    some = values[:, :, queries, keys]
    best = some.argmax(-1)
    largest = np.take_along_axis(some, best[..., None], -1)[..., 0].astype(np.float32)
    return largest, queries[best].astype(np.int32), keys[best].astype(np.int32)


def group_of(distance: np.ndarray, kind: str, causal: bool) -> np.ndarray:
    """The group of each distance from query back to key, which is not 0: below 0 the key stands ahead."""
    if kind == "cross":
        return np.zeros(distance.shape, int)
    group = np.searchsorted(DISTANCES, np.abs(distance), side="right") - 1
    return group if causal else np.where(distance < 0, group + len(DISTANCES), group)


def _pairs(record: Attention) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(queries, keys, groups) of all looks that count, ordered by group, query and key."""
    counts = _is_word(record.queries)[:, None] & _is_word(record.keys)
    counts[:, 0] = False
    if record.kind != "cross":
        np.fill_diagonal(counts, False)
    if record.causal:
        counts &= np.tri(*counts.shape).astype(bool)
    queries, keys = np.nonzero(counts)
    group = group_of(queries - keys, record.kind, record.causal)
    order = np.argsort(group, kind="stable")
    return queries[order], keys[order], group[order]


def _is_word(tokens: Sequence[Token]) -> np.ndarray:
    return np.array([not token.special for token in tokens])
