"""What each token of a picture looks at most, in one line: the caption of whatever the pointer is on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from attnlit.attention.record import ATTENTION
from attnlit.wording import capitalised, ordinal, percent, quoted

if TYPE_CHECKING:
    from attnlit.attention import Attention
    from attnlit.attention.record import Token


def said_of_queries(attention: Attention, weights: np.ndarray, heads: int = 1) -> list[str]:
    """Of each query where most of its weight goes: “The 2nd “met” gives 97% to the 1st “Miss””.

    weights: (Q, K), without NaN, the mean of so many `heads`; of a record of what is passed on, norms in any
    unit.
    """
    own = [token.position for token in attention.queries]
    other = [token.position for token in attention.keys]
    keys, best = _names(attention.keys), weights.argmax(axis=1).tolist()
    same = attention.kind != "cross"
    others = ["itself" if same and own[query] == other[key] else keys[key] for query, key in enumerate(best)]
    said = (
        "{} gives {} to {}"
        if attention.weighs == ATTENTION
        else "{1} of what is brought to {0} comes from {2}"
    )
    return _lines(attention, weights, attention.queries, others, (said, "{} gives nothing to"), heads)


def said_of_keys(attention: Attention, weights: np.ndarray, heads: int = 1) -> list[str]:
    """Of each key which query gives it most. weights, heads: as above."""
    queries = _names(attention.queries)
    others = [queries[query] for query in weights.argmax(axis=0)]
    said = (
        "{} gets most, {}, from {}"
        if attention.weighs == ATTENTION
        else "{1} of what is brought from {0} goes to {2}"
    )
    return _lines(attention, weights.T, attention.keys, others, (said, "{} gets nothing from"), heads)


def _lines(
    attention: Attention,
    weights: np.ndarray,
    tokens: Sequence[Token],
    others: Sequence[str],
    said: tuple[str, str],
    heads: int,
) -> list[str]:
    """A line for each of the tokens, whose rows these are. said: with a largest weight, and without any."""
    some, none = said
    lines = [
        some.format(name, percent(share), other) if share else f"{none.format(name)} the tokens shown here"
        for name, share, other in zip(_names(tokens), _largest(attention, weights), others, strict=True)
    ]
    return [capitalised(f"on average {line}" if heads > 1 else line) for line in lines]


def _largest(attention: Attention, weights: np.ndarray) -> np.ndarray:
    """The largest of each row of any matrix: of norms as a share of the row."""
    largest = weights.max(axis=1)
    if attention.weighs == ATTENTION:
        return largest
    sums = weights.sum(axis=1)
    return np.divide(largest, sums, out=np.zeros_like(largest), where=sums > 0)


def _names(tokens: Sequence[Token]) -> list[str]:
    """Each token in quotation marks; one whose text occurs several times with its number."""
    count = Counter(token.text for token in tokens)
    met: Counter[str] = Counter()
    names = []
    for token in tokens:
        met[token.text] += 1
        which = f"the {ordinal(met[token.text])} " if count[token.text] > 1 else ""
        names.append(which + quoted(token.text))
    return names
