"""Several tokens as one: a name of three tokens, a phrase, all the commas."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from attnlit.attention.record import Attention, Token, put_together

GAP = " … "  # in the text of tokens that do not stand side by side
_NO_TEXT = 9  # in place of the number of a text, of which there are two


def take_together(
    attention: Attention, queries: Collection[int], keys: Collection[int] | None = None
) -> Attention:
    """The record with several tokens as one: weights to them are added up, weights from them averaged.

    queries, keys: positions of tokens that are taken together where they look, and where they are looked at;
    the same ones where `keys` is left out. Rows still sum to what they did. Empty rows do not count in the
    average. A side with fewer than two of these tokens stays as it is. The record has no queries and keys any
    more, because only a single token has them.
    """
    keys = queries if keys is None else keys
    rows = [index for index, token in enumerate(attention.queries) if token.position in queries]
    columns = [index for index, token in enumerate(attention.keys) if token.position in keys]
    if max(len(rows), len(columns)) < 2:
        return attention
    weights = attention.weights
    texts: Sequence[str] = (attention.text, attention.pair or "")
    target: Sequence[str] = (attention.pair or "",)
    looked_at, looking = attention.keys, attention.queries
    if len(columns) > 1:
        weights = _replaced(weights, columns, weights[..., columns].sum(axis=-1), axis=3)
        of_text = target if attention.kind == "decoder" else texts
        looked_at = _as_one(looked_at, columns, of_text, last=False)
    if len(rows) > 1:
        weights = _replaced(weights, rows, _mean_of_rows(weights[:, :, rows]), axis=2)
        of_text = target if attention.kind in ("decoder", "cross") else texts
        looking = _as_one(looking, rows, of_text, last=True)
    why = "several of its tokens are taken together, and only one has a query and a key."
    return put_together(attention, weights, looking, looked_at, why)


def _replaced(weights: np.ndarray, taken: Sequence[int], by: np.ndarray, *, axis: int) -> np.ndarray:
    """The weights with one row or column, the first of those that are taken, in place of all of them."""
    left = np.delete(weights, taken[1:], axis=axis)
    (left[..., taken[0]] if axis == 3 else left[:, :, taken[0]])[...] = by
    return left


def _mean_of_rows(rows: np.ndarray) -> np.ndarray:
    """(L, H, R, K) -> (L, H, K): NaN only where all rows are empty."""
    filled = (~np.isnan(rows[..., :1])).sum(axis=2)  # (L, H, 1)
    with np.errstate(invalid="ignore"):
        mean = np.nan_to_num(rows).sum(axis=2) / filled
    return np.where(filled > 0, mean, np.nan).astype(np.float32, copy=False)


def _as_one(
    tokens: tuple[Token, ...], taken: Sequence[int], texts: Sequence[str], *, last: bool
) -> tuple[Token, ...]:
    """The tokens with one, where the first of them stood, in place of those that are taken.

    last: it has the position of the last of them where others stand between, so that none of these is later
    than the one that looks at them.
    """
    members = [tokens[index] for index in taken]
    runs = _runs(tokens, taken)
    gap = len(runs) > 1
    shown = GAP.join(_text_of(run, texts) for run in runs)
    first, end = members[0], members[-1]
    one = replace(
        first,
        text=shown,
        raw=" ".join(token.raw for token in members),
        special=all(token.special for token in members),
        position=end.position if last and gap else first.position,
        source=shown,
        span=None if gap or first.span is None or end.span is None else (first.span[0], end.span[1]),
        stretch=(first, runs[0][-1]),
    )
    left = {*taken[1:]}
    return tuple(
        one if index == taken[0] else token for index, token in enumerate(tokens) if index not in left
    )


def _runs(tokens: Sequence[Token], taken: Sequence[int]) -> list[list[Token]]:
    """The tokens that are taken, those that stand beside each other in one list."""
    runs: list[list[Token]] = []
    for place, index in enumerate(taken):
        if place and index == taken[place - 1] + 1:
            runs[-1].append(tokens[index])
        else:
            runs.append([tokens[index]])
    return runs


def _text_of(run: Sequence[Token], texts: Sequence[str]) -> str:
    """What was typed from the first of these tokens to the last; token by token where that is not known."""
    (segment, begin), (other, end) = _place(run[0])[:2], _place(run[-1])[::2]
    covered = texts[segment][begin:end].strip() if len(run) > 1 and segment == other < len(texts) else ""
    return covered or " ".join(token.text for token in run)


def _place(token: Token) -> tuple[int, int, int]:
    """(which text it is of, its first character, the one after its last); of no text where it is unknown."""
    if token.segment is None or token.span is None:
        return _NO_TEXT, 0, 0
    return token.segment, *token.span
