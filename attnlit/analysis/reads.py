"""How much a model read of what when it wrote a word of its answer: by span, and by word.

The word at position p was written by the row of position p - 1, so that row is asked. What the word itself
looked at once it was there tells how it was read, for all that comes after it.

Even attention stands beside every number: a long span gets much of it whatever the model does.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np
import pandas as pd

from attnlit.analysis.flow.uniform import uniform_weights
from attnlit.attention.answers import Answer, Written, row_of
from attnlit.attention.given import checked_token
from attnlit.attention.record import ATTENTION, Token
from attnlit.attention.rows import Heads, checked_heads, shares
from attnlit.attention.spans import named_spans
from attnlit.errors import AttnlitError
from attnlit.wording import visible

LOST = 0.0005  # from here on it is told what a learned sink took


def read_of_each(
    answer: Answer, words: Sequence[int] | None = None, heads: Heads = None, *, once_read: bool = False
) -> np.ndarray:
    """How much of each token was read for some words of the answer: float64 (W, K), means over the heads.

    words: places in `answer.written`; all if left out. heads: (layer, head) pairs.
    once_read: what the words looked at once they were there, in place of what was read to write them.
    Of attention a row sums to 1, less what a learned sink took. Of a record of what is passed on it is a
    share of all that the heads brought, and sums to 1.
    Raises AttnlitError for a record without an answer, or a filtered one, and for what does not exist.
    """
    _check(answer)
    rows = [row_of(word, once_read=once_read) for word in _words(answer, words)]
    return shares(answer, rows, heads)


def even_of_each(
    answer: Answer, words: Sequence[int] | None = None, heads: Heads = None, *, once_read: bool = False
) -> np.ndarray:
    """The same of attention that is spread evenly over all that the masks show: float64 (W, K)."""
    _check(answer)
    pairs = checked_heads(answer, heads)
    rows = [row_of(word, once_read=once_read) for word in _words(answer, words)]
    total = np.zeros((len(rows), len(answer.keys)))
    for row, run in groupby(pairs, key=lambda pair: pair[0]):
        even = uniform_weights(answer, answer.layer_numbers[row])[:, rows]  # (heads or 1, W, K)
        total += sum(even[head if len(even) > 1 else 0] for _, head in run)
    return total / len(pairs)


def read_by_span(
    answer: Answer, words: Sequence[int] | None = None, heads: Heads = None, *, once_read: bool = False
) -> pd.DataFrame:
    """How much of each span was read for each word of the answer, one row a word.

    Columns: `word`, `position`, `probability`, then one for each span, as `attnlit.attention.spans` names
    them, and `nowhere` where learned sinks took some. The arguments are those of `read_of_each`.
    """
    read = read_of_each(answer, words, heads, once_read=once_read)
    chosen = _words(answer, words)
    table = pd.DataFrame(
        {
            "word": [answer.queries[word.position].text for word in chosen],
            "position": [word.position for word in chosen],
            "probability": [word.probability for word in chosen],
        }
    )
    return table.assign(**span_shares(answer, read))


def span_shares(answer: Answer, read: np.ndarray) -> dict[str, np.ndarray]:
    """Rows (W, K) summed by span, (W,) each, in the order of the spans; and `nowhere`, if anything is."""
    names = named_spans(answer.spans)
    positions = np.array([token.position for token in answer.keys])
    summed: dict[str, np.ndarray] = {}
    for name, span in zip(names, answer.spans, strict=True):
        inside = (positions >= span.start) & (positions < span.end)
        summed[name] = summed.get(name, 0.0) + read[:, inside].sum(axis=1)
    lost = 1 - read.sum(axis=1)
    return summed if lost.max(initial=0) < LOST else {**summed, "nowhere": np.maximum(lost, 0)}


def read_by_word(
    answer: Answer, words: Sequence[int] | None = None, heads: Heads = None, *, once_read: bool = False
) -> pd.DataFrame:
    """How much of each word was read, on average over some words of the answer; the most first.

    Columns: `word` (its pieces put together), `position` of its first piece, `span`, `share`, and, of
    attention, `even`: what it would get if attention were spread evenly. The arguments are those of
    `read_of_each`.
    """
    read = read_of_each(answer, words, heads, once_read=once_read).mean(axis=0)
    even = even_of_each(answer, words, heads, once_read=once_read).mean(axis=0)
    columns = ["even"] if answer.weighs != ATTENTION else []
    spans = dict(zip(answer.spans, named_spans(answer.spans), strict=True))
    rows = []
    for places in _by_word(answer.keys):
        first = answer.keys[places[0]]
        rows.append(
            {
                "word": _spelled([answer.keys[place] for place in places]),
                "position": first.position,
                "span": next((name for span, name in spans.items() if first.position in span), ""),
                "share": read[places].sum(),
                "even": even[places].sum(),
            }
        )
    seen = [row for row in rows if row["share"] or row["even"]]
    table = pd.DataFrame(seen).sort_values("share", ascending=False, kind="stable", ignore_index=True)
    return table.drop(columns=columns)


def _by_word(tokens: Sequence[Token]) -> list[list[int]]:
    """The places of each word's pieces; a token that is of no word stands alone."""
    words: list[list[int]] = []
    for place, token in enumerate(tokens):
        before = tokens[words[-1][-1]] if words else None
        goes_on = before is not None and token.word is not None
        if goes_on and before is not None and (token.segment, token.word) == (before.segment, before.word):
            words[-1].append(place)
        else:
            words.append([place])
    return words


def _spelled(pieces: Sequence[Token]) -> str:
    """What to draw for a word; a character in several pieces is one word."""
    if len(pieces) == 1:
        return pieces[0].text
    texts = [
        piece.source or piece.text
        for before, piece in zip((None, *pieces), pieces, strict=False)
        if before is None or piece.span is None or piece.span != before.span
    ]
    return visible("".join(texts))


def _words(answer: Answer, words: Sequence[int] | None) -> list[Written]:
    if words is None:
        return [*answer.written]
    return [answer.written[checked_token(word, len(answer.written), "The answer")] for word in words]


def _check(answer: Answer) -> None:
    if not answer.written:
        raise AttnlitError(
            "This record holds no answer whose words look at anything. Let the model write one, with "
            "attnlit.answer; for an encoder-decoder, use decoder or cross-attention."
        )
    if not answer.whole:
        raise AttnlitError("Sums need the whole record: show all tokens, and pieces instead of whole words.")
