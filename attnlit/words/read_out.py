"""What a picture shows, in sentences.

Sentences are Markdown in which tokens stand in italics; every other character of a token is escaped, so a
token can be neither markup nor a formula.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from attnlit.analysis.scores import FEWEST_TOKENS, RESTS
from attnlit.attention.record import ATTENTION
from attnlit.attention.rows import mean_of_heads
from attnlit.wording import capitalised, percent
from attnlit.words.names import WORTH_NAMING, seen_name, token_name
from attnlit.words.passed_on import brought_from, brought_to

if TYPE_CHECKING:
    from attnlit.attention import Attention

MOSTLY = 0.5  # from this share on a token looks "mostly" at another
AT_ALL = 0.2  # below this the largest share is still small: attention is spread
ADDED_MATTERS = 0.3  # from this weight on one token's look at the first or an added token is explained


def read_out(
    attention: Attention,
    layer: int,
    heads: Sequence[int],
    query: int | None = None,
    *,
    key: int | None = None,
) -> list[str]:
    """What one token looks at, or, with `key`, which tokens look at it, in Markdown sentences.

    `query` and `key` are places in `attention.queries` and `attention.keys`. With several heads the
    weights are means over them. Where the weight lies on the first token, or on one that the tokenizer added,
    a sentence says what that is; why a head looks there, weights do not tell. Of a record of what is passed
    on the sentences are those of `attnlit.words.passed_on`.
    """
    weights = attention.weights[attention.row(layer), list(heads)]  # (heads, queries, keys)
    if attention.weighs != ATTENTION and query is not None:
        return brought_to(attention, layer, heads, query)
    if attention.weighs != ATTENTION and key is not None:
        return brought_from(attention, layer, heads, key)
    if query is not None:
        sink = _to_a_sink(attention, layer, heads, query)
        return [*_looks_at(attention, weights, heads, query), *sink]
    if key is None:
        raise TypeError("read_out needs a query or a key")
    return _looked_at_by(attention, weights, heads, key)


def _looks_at(attention: Attention, weights: np.ndarray, heads: Sequence[int], query: int) -> list[str]:
    token = attention.queries[query]
    subject = token_name(attention.queries, query)
    rows = np.nan_to_num(weights[:, query])  # (heads, keys); an empty row is NaN
    row = mean_of_heads(weights[:, query : query + 1])[0]  # (keys,)
    if row.max() == 0:
        return [f"{capitalised(subject)} looks at none of the tokens shown here."]
    # Of another token a filter may hide the earlier ones.
    if attention.causal and token.position == 0 and np.count_nonzero(row) == 1:
        return [f"{capitalised(subject)} can look only at itself: the model hides later tokens from it."]

    named = partial(seen_name, attention, query)
    first, *rest = np.argsort(-row, kind="stable").tolist()
    ending = "".join(
        f", then at {named(place)} ({percent(row[place])})"
        for place in rest[:1]
        if row[place] >= max(WORTH_NAMING, row[first] / 5)
    )
    how = _strength(row[first])
    if not attention.whole and row.sum() < MOSTLY:  # what it looks at most is hidden
        subject, how = f"of the tokens shown here {subject}", "looks most at"
    sentence = f"{subject} {how} {named(first)} ({percent(row[first])}){ending}."
    sentences = [capitalised(_on_average(heads) + sentence)]
    if len(heads) > 1:
        strongest, place = divmod(int(rows.argmax()), rows.shape[1])
        share = percent(rows[strongest, place])
        sentences.append(f"Head {heads[strongest]} is the most focused: {share} to {named(place)}.")
    if row[first] >= ADDED_MATTERS and (attention.keys[first].special or attention.keys[first].position == 0):
        sentences.append(_resting_place(attention, weights, heads, first))
    return sentences


def _to_a_sink(attention: Attention, layer: int, heads: Sequence[int], query: int) -> list[str]:
    """How much of a token's attention goes nowhere, where the layer has a learned sink."""
    sink = attention.to_sink(layer)
    if sink is None:
        return []
    share = percent(float(sink[list(heads), query].mean()))
    return [capitalised(_on_average(heads) + f"{share} goes to no token: this layer has a learned sink.")]


def _looked_at_by(attention: Attention, weights: np.ndarray, heads: Sequence[int], key: int) -> list[str]:
    column = mean_of_heads(weights)[:, key]  # (queries,)
    looked_at = token_name(attention.keys, key)
    first, *rest = np.argsort(-column, kind="stable").tolist()
    if column[first] < WORTH_NAMING:
        return [
            capitalised(
                _on_average(heads) + f"no token gives {looked_at} more than {percent(column[first])}."
            )
        ]
    ending = "".join(
        f", then {token_name(attention.queries, place)} ({percent(column[place])})"
        for place in rest[:1]
        if column[place] >= WORTH_NAMING
    )
    most = f"{token_name(attention.queries, first)} ({percent(column[first])})"
    sentence = f"{looked_at} gets most from {most}{ending}."
    return [capitalised(_on_average(heads) + sentence)]


def _strength(weight: float) -> str:
    if weight >= MOSTLY:
        return "looks mostly at"
    if weight >= AT_ALL:
        return "looks most at"
    return "looks at many tokens, most at"


def _on_average(heads: Sequence[int]) -> str:
    return f"on average over {len(heads)} heads, " if len(heads) > 1 else ""


def _resting_place(attention: Attention, weights: np.ndarray, heads: Sequence[int], place: int) -> str:
    """What the first token, or one that the tokenizer added, is; and how many of the heads rest on the first.

    weights: (heads, queries, keys). Neutral on purpose: a head that rests there may be idle, add the same
    vector everywhere, or work, and only an experiment tells.
    """
    token = attention.keys[place]
    what = "the text's first token" if token.position == 0 else "a mark that the tokenizer added"
    if token.position == 0 and token.special:
        what = "the first token, a mark that the tokenizer added"
    sentence = f"{capitalised(token_name(attention.keys, place))} is {what}."
    if token.position != 0 or min(weights.shape[1:]) < FEWEST_TOKENS:
        return sentence
    shares = np.nan_to_num(weights[:, :, place]).mean(axis=1)  # (heads,)
    resting = int((shares >= RESTS.least).sum())
    if not resting:
        return sentence
    if len(heads) == 1:
        who = f"This head rests on it: the tokens here give it {percent(float(shares[0]))} of their attention"
    else:
        who = f"{resting} of these {len(heads)} heads rest{'s' * (resting == 1)} on it"
    return f"{sentence} {who}. Only switching the head off shows whether that does anything."
