"""What a picture of what is passed on shows, in sentences (Markdown)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from attnlit.attention.record import RESIDUAL
from attnlit.wording import capitalised, percent
from attnlit.words.names import WORTH_NAMING, seen_name, token_name

if TYPE_CHECKING:
    from attnlit.attention import Attention


def brought_to(attention: Attention, layer: int, heads: Sequence[int], query: int) -> list[str]:
    """From where what some heads of a layer bring to one token comes. `query`: a place among the queries."""
    norms = np.nan_to_num(attention.weights[attention.row(layer)])  # (H, Q, K); an empty row is NaN
    row = norms[list(heads), query].sum(axis=0)  # (K,)
    subject, who = token_name(attention.queries, query), _who(attention, layer, heads)
    if row.sum() == 0:
        return [f"{capitalised(who)} bring{_s(heads)} nothing to {subject} from the tokens shown here."]

    named = partial(seen_name, attention, query)
    sentence = f"Of what {who} bring{_s(heads)} to {subject}, {_shares(row, named, 'comes from')}."
    if len(heads) > 1:
        return [sentence, "The lengths of what the heads bring are added up."]
    share = percent(float(row.sum() / norms.sum(axis=-1).max()))
    any_ = "this layer" if attention.together else "any head of this layer"
    sentences = [sentence, f"In all, that is {share} of the most that {any_} brings to one token."]
    if RESIDUAL in attention.weighs:
        sentences.append("What a token keeps of its own state counts as brought from itself.")
    return sentences


def brought_from(attention: Attention, layer: int, heads: Sequence[int], key: int) -> list[str]:
    """Where what some heads of a layer bring from one token goes. `key`: a place among the keys."""
    norms = np.nan_to_num(attention.weights[attention.row(layer), list(heads)])  # (H, Q, K)
    column = norms[:, :, key].sum(axis=0)  # (Q,)
    subject, who = token_name(attention.keys, key), _who(attention, layer, heads)
    if column.sum() == 0:
        return [f"{capitalised(who)} bring{_s(heads)} nothing from {subject} to the tokens shown here."]
    goes = _shares(column, lambda place: token_name(attention.queries, place), "goes to")
    return [f"Of what {who} bring{_s(heads)} from {subject}, {goes}."]


def _shares(values: np.ndarray, named: Callable[[int], str], verb: str) -> str:
    """ "62% comes from *cat*, then 20% from itself"."""
    shares = values / values.sum()
    first, *rest = np.argsort(-shares, kind="stable").tolist()
    preposition = verb.split()[-1]
    ending = "".join(
        f", then {percent(shares[place])} {preposition} {named(place)}"
        for place in rest[:1]
        if shares[place] >= WORTH_NAMING
    )
    return f"{percent(shares[first])} {verb} {named(first)}{ending}"


def _who(attention: Attention, layer: int, heads: Sequence[int]) -> str:
    """“head 3-1”, “these 2 heads”; of a record of whole layers “layer 3”."""
    if attention.together:
        return f"layer {layer}"
    return f"head {layer}-{heads[0]}" if len(heads) == 1 else f"these {len(heads)} heads"


def _s(heads: Sequence[int]) -> str:
    return "s" if len(heads) == 1 else ""
