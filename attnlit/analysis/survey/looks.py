"""The single looks of texts: of each head the strongest at each distance, and what it usually gives there.

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
    """The looks of some texts: L layers, H heads, B groups of distances, T texts."""

    # The strongest look of each group: float32 (L, H, B, T), 0 where there is none ...
    weights: np.ndarray
    # ... from which token to which: int32 (L, H, B, T), NOBODY where there is none.
    queries: np.ndarray
    keys: np.ndarray
    # Sums of the logarithms of all weights, float64 (L, H, B, T), and how many they are, int64 (B, T).
    logs: np.ndarray
    pairs: np.ndarray


def groups(kind: str, causal: bool) -> int:
    """How many groups of distances there are: back and ahead apart; one for attention between two texts."""
    if kind == "cross":
        return 1
    return len(DISTANCES) if causal else 2 * len(DISTANCES)


def looks_of(records: Sequence[Attention]) -> Looks:
    """The looks of whole texts of one model and kind, without those that say nothing of their words.

    Left out are special tokens, a token's look at itself, and the first token, on which heads rest.
    """
    first = records[0]
    shape = (*first.weights.shape[:2], groups(first.kind, first.causal), len(records))
    found = Looks(
        weights=np.zeros(shape, np.float32),
        queries=np.full(shape, NOBODY, np.int32),
        keys=np.full(shape, NOBODY, np.int32),
        logs=np.zeros(shape),
        pairs=np.zeros(shape[2:], np.int64),
    )
    alike: dict[tuple[bytes, bytes], list[int]] = {}  # texts of one length, whose words stand alike
    for place, record in enumerate(records):
        words = _is_word(record.queries).tobytes(), _is_word(record.keys).tobytes()
        alike.setdefault(words, []).append(place)
    for places in alike.values():
        _look_through([records[place] for place in places], places, found)
    return found


def _look_through(records: Sequence[Attention], places: Sequence[int], found: Looks) -> None:
    """Fill in the looks of texts in which the same pairs of tokens count."""
    queries, keys, group = _pairs(records[0])
    pairs = np.bincount(group, minlength=len(found.pairs))
    found.pairs[:, places] = pairs[:, None]
    weights = np.stack([record.weights[:, :, queries, keys] for record in records])  # (T, L, H, pairs)
    logs = np.log(np.maximum(weights, FLOOR))
    ends = np.cumsum(pairs)
    for number in np.flatnonzero(pairs):
        part = slice(int(ends[number] - pairs[number]), int(ends[number]))
        best = weights[..., part].argmax(-1) + part.start  # (T, L, H)
        for filled, values in (
            (found.weights, np.take_along_axis(weights, best[..., None], -1)[..., 0]),
            (found.queries, queries[best]),
            (found.keys, keys[best]),
            (found.logs, logs[..., part].sum(-1, dtype=np.float64)),
        ):
            filled[:, :, number, places] = np.moveaxis(values, 0, -1)


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
