"""Whole words instead of their pieces."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate, pairwise

import numpy as np

from attnlit.attention.record import Attention, Token, put_together


def has_pieces(attention: Attention) -> bool:
    """Whether any word of the record was cut into pieces."""
    return any(
        token.word is not None and (token.segment, token.word) == (before.segment, before.word)
        for tokens in (attention.queries, attention.keys)
        for before, token in pairwise(tokens)
    )


def merge_words(attention: Attention) -> Attention:
    """The record by words: weights summed over a key's pieces, averaged over a query's (Clark et al. 2019).

    Rows still sum to what they did, and empty ones do not count in the average. Special tokens stay as they
    are. The merged record has no queries and keys, because only a piece has them.
    """
    targets = attention.kind in ("decoder", "cross")
    query, query_starts = _merge(attention.queries, attention, target=targets)
    key, key_starts = _merge(attention.keys, attention, target=attention.kind == "decoder")
    weights = np.add.reduceat(attention.weights, key_starts, axis=3)
    filled = (~np.isnan(weights[..., :1])).astype(np.float32)  # an empty row is NaN
    np.nan_to_num(weights, copy=False)
    with np.errstate(invalid="ignore"):  # a word with nothing but empty rows is empty: 0 / 0
        weights = np.add.reduceat(weights, query_starts, axis=2) / np.add.reduceat(
            filled, query_starts, axis=2
        )
    why = "its words are put together from pieces, and only a piece has a query and a key."
    return put_together(attention, weights, query, key, why)


def _merge(
    tokens: tuple[Token, ...], attention: Attention, *, target: bool
) -> tuple[tuple[Token, ...], list[int]]:
    """(one token a word, index of each word's first piece); `target` tokens are of the pair's text."""
    texts = [attention.pair or ""] if target else [attention.text, attention.pair or ""]
    words: list[list[Token]] = []
    for token in tokens:
        before = words[-1][-1] if words else None
        place = (token.segment, token.word)
        if token.word is not None and before is not None and place == (before.segment, before.word):
            words[-1].append(token)
        else:
            words.append([token])
    starts = [0, *accumulate(map(len, words[:-1]))]
    return tuple(_word(pieces, texts) for pieces in words), starts


def _word(pieces: list[Token], texts: list[str]) -> Token:
    """The pieces as one token that shows all that they cover: a full stop glued to its word stays with it."""
    first, last = pieces[0], pieces[-1]
    if first.word is None or first.segment is None:
        return first
    covered = "".join(piece.source or piece.text for piece in pieces)
    if first.span is not None and last.span is not None:
        covered = texts[first.segment][first.span[0] : last.span[1]] or covered
    return replace(
        first,
        text=covered,
        raw=" ".join(piece.raw for piece in pieces),
        source=covered,
        span=None if first.span is None or last.span is None else (first.span[0], last.span[1]),
    )
