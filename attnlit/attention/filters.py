"""Smaller records from a record: one sentence looking at the other, special tokens out. Pure functions.

Filters take a slice and leave its weights as they are; only `hide_and_renormalise` changes them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from attnlit.attention.record import Attention, Token, frozen
from attnlit.errors import AttnlitError

BETWEEN = ("All", "A→A", "A→B", "B→A", "B→B")  # from the first or second sentence's tokens, to those of which
EMPTY_BELOW = 1e-6  # a row with less weight than this left says nothing


def has_pair(attention: Attention) -> bool:
    """Whether the record has two sentences to choose between."""
    return {0, 1} <= set(attention.segments) and {0, 1} <= set(attention.key_segments)


def between(attention: Attention, which: str) -> Attention:
    """The part of the record in which one sentence looks at another, such as "A→B"; "All" is all of it.

    The weights are not renormalised. Raises AttnlitError where there are not two sentences.
    """
    if which not in BETWEEN:
        raise AttnlitError(f"There is no filter “{which}”. Choose one of {', '.join(BETWEEN)}.")
    if which == "All":
        return attention
    if not has_pair(attention):
        raise AttnlitError("This filter needs two sentences. Type a second one, or choose “All”.")
    looking, looked_at = ("AB".index(side) for side in which.split("→"))
    return keep(
        attention,
        [index for index, token in enumerate(attention.queries) if token.segment == looking],
        [index for index, token in enumerate(attention.keys) if token.segment == looked_at],
    )


def hide_special(attention: Attention) -> Attention:
    """The record without the tokens that the tokenizer added ([CLS], [SEP], <s> ...), not renormalised."""
    return keep(attention, _plain(attention.queries), _plain(attention.keys))


def hide_and_renormalise(attention: Attention, keys: Collection[int]) -> Attention:
    """The record without the keys at these positions, each row divided by what is left of it.

    A row with less than 1e-6 left is empty: all NaN, to be drawn as empty, not as zeros that look like data.
    """
    columns = [index for index, token in enumerate(attention.keys) if token.position not in keys]
    left = keep(attention, range(len(attention.queries)), columns)
    sums = left.weights.sum(axis=-1, keepdims=True)  # (L, H, Q, 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        weights = np.where(sums < EMPTY_BELOW, np.float32(np.nan), left.weights / sums)
    return replace(left, whole=False, weights=frozen(weights.astype(np.float32, copy=False)))


def keep(attention: Attention, queries: Sequence[int], keys: Sequence[int]) -> Attention:
    """The record with only these rows and columns, by index. Raises AttnlitError if nothing would be left."""
    if not queries or not keys:
        raise AttnlitError("Nothing is left to show: this part of the text has only special tokens.")
    weights = attention.weights[:, :, _span(queries)][:, :, :, _span(keys)]
    return replace(
        attention,
        whole=attention.whole and weights.shape == attention.weights.shape,
        weights=frozen(weights),
        queries=tuple(attention.queries[index] for index in queries),
        keys=tuple(attention.keys[index] for index in keys),
    )


def _plain(tokens: Sequence[Token]) -> list[int]:
    return [index for index, token in enumerate(tokens) if not token.special]


def _span(indices: Sequence[int]) -> slice | list[int]:
    """A slice where the indices have no gap, so that the result is a view and copies nothing."""
    first, last = indices[0], indices[-1]
    return slice(first, last + 1) if last - first + 1 == len(indices) else list(indices)
