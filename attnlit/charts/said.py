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
    best, shares = _largest(attention, weights)
    same = attention.kind != "cross"
    keys = _names(attention.keys)
    lines = []
    for query, name in enumerate(_names(attention.queries)):
        share, key = percent(shares[query]), best[query]
        itself = same and attention.queries[query].position == attention.keys[key].position
        other = "itself" if itself else keys[key]
        if shares[query] == 0:
            lines.append(f"{name} gives nothing to the tokens shown here")
        elif attention.weighs == ATTENTION:
            lines.append(f"{name} gives {share} to {other}")
        else:
            lines.append(f"{share} of what is brought to {name} comes from {other}")
    return _begun(lines, heads)


def said_of_keys(attention: Attention, weights: np.ndarray, heads: int = 1) -> list[str]:
    """Of each key which query gives it most. weights, heads: as above."""
    best, shares = _largest(attention, weights.T)
    queries = _names(attention.queries)
    lines = []
    for key, name in enumerate(_names(attention.keys)):
        share, other = percent(shares[key]), queries[best[key]]
        if shares[key] == 0:
            lines.append(f"{name} gets nothing from the tokens shown here")
        elif attention.weighs == ATTENTION:
            lines.append(f"{name} gets most, {share}, from {other}")
        else:
            lines.append(f"{share} of what is brought from {name} goes to {other}")
    return _begun(lines, heads)


def _largest(attention: Attention, weights: np.ndarray) -> tuple[list[int], np.ndarray]:
    """Of each row of any matrix where it is largest, and how large: of norms as a share of the row."""
    best = weights.argmax(axis=1)
    largest = weights[np.arange(len(weights)), best]
    if attention.weighs != ATTENTION:
        sums = weights.sum(axis=1)
        largest = np.divide(largest, sums, out=np.zeros_like(largest), where=sums > 0)
    return best.tolist(), largest


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


def _begun(lines: Sequence[str], heads: int) -> list[str]:
    return [capitalised(f"on average {line}" if heads > 1 else line) for line in lines]
