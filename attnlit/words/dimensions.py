"""What is said of the dimensions that carry a head's fall with distance, and of their removal (Markdown)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from attnlit.analysis import distance
from attnlit.wording import escaped, number_text
from attnlit.words.names import token_name

if TYPE_CHECKING:
    import pandas as pd

    from attnlit.attention import Attention

WORTH_NAMING = 0.005  # of a fall, or of a score: less is rounding
SOME_FALL = 0.1  # explained by a steady fall: with less it is no measure of a head
_NAMED = 3  # dimensions that are named
_MOST = 0.5  # of a fall: so much from a position bias is said first


def decay_heads_in_words(model: str, table: pd.DataFrame) -> str:
    """How many heads of a scan (strongest first) are distance-decay heads, and which is the clearest."""
    best = table.iloc[0]
    name = f"{best['layer']:.0f}-{best['head']:.0f}"
    found = sum(distance.is_decay(row) for _, row in table.iterrows())
    if not found:
        return f"{escaped(model)} has **no distance-decay head**; {name} comes closest."
    heads = "1 distance-decay head" if found == 1 else f"{found} distance-decay heads"
    return f"{escaped(model)} has **{heads}**; the clearest is {name}."


def carriers_in_words(table: pd.DataFrame, added: float, *, rotary: bool) -> str:
    """Which dimensions of `falling_dimensions` carry a head's fall. added: as `added_share` says."""
    intro = (
        f"A score is a sum: each of the {len(table)} dimensions of query and key adds its product. Averaged "
        "over many words, what the words mean cancels out, and what is left changes with distance alone. "
    )
    if rotary:
        intro += "This model rotates query and key by their position (RoPE); they are taken after that. "
    if table["share"].isna().all():
        return intro + "In this head the score does not fall steadily, so there is no fall to share out."
    if added > _MOST:
        return (
            f"{intro}But **{added:.0%} of this head's fall does not come from these products**: the model "
            "adds it to the scores, as a position bias. No dimension carries it, so removing some changes "
            "little."
        )
    few = int((table["share"].cumsum() < 0.5 * (1 - added)).sum()) + 1
    bias = (
        f" {added:.0%} of the fall does not come from these products: the model adds it to the scores (a "
        "position bias, or a cap)."
        if abs(added) > WORTH_NAMING
        else ""
    )
    half = "one dimension carries" if few == 1 else f"{few} dimensions carry"
    return f"{intro}In this head **{half} half of what all dimensions carry**.{bias}"


def pair_in_words(shown: Attention, layer: int, head: int, query: int, key: int, total: float) -> str:
    """The sum of a pair's products, beside the scores of the query's other keys. query, key: indices."""
    vectors = shown.vectors(layer, head)
    scores = vectors.scores[query]
    rest = distance.added(vectors, query, key)
    also = f", and the model adds {number_text(rest)}" if abs(rest) > WORTH_NAMING else ""
    names = f"{token_name(shown.queries, query)} → {token_name(shown.keys, key)}"
    mean = number_text(float(scores[np.isfinite(scores)].mean()))
    return (
        f"{names}: the products add up to {number_text(total)}{also}. "
        f"Only differences count: over all its keys the mean score is {mean}."
    )


def strongest_in_words(table: pd.DataFrame, column: str, form: str) -> str:
    """The three dimensions with the largest numbers, either way. form: how a number is written."""
    largest = table.loc[table[column].abs().sort_values(ascending=False).index[:_NAMED]]
    named = ", ".join(
        f"{row['dimension']:.0f} ({number_text(float(row[column]), form)})" for _, row in largest.iterrows()
    )
    return f"The largest are dimensions {named}."


def removal_in_words(falls: Mapping[str, float], chosen: pd.Series) -> str:
    """How much of a head's fall is left. falls: the head's own first, then by what was removed."""
    (name, whole), *rest = falls.items()
    if not rest:
        return "Nothing is removed yet: move the slider."
    if not chosen["decay"] > SOME_FALL:
        return f"The attention of {name} has no steady fall to lose; the curves show what changes instead."
    roughly = "" if distance.is_decay(chosen) else " (a rough measure, as its fall is not steady)"
    sentences = [f"The attention of {name} halves about every {_tokens(whole)}{roughly}."]
    for label, fall in rest:
        if np.isnan(fall):
            left = "it leaves nearly all its attention on the first token"
        elif fall < WORTH_NAMING * whole:
            left = "it no longer falls"
        else:
            left = f"it halves every {_tokens(fall)} ({fall / whole:.0%} of the fall is left)"
        sentences.append(f"With **{label}** {left}.")
    if len(rest) > 1:
        sentences.append("The others are drawn at random, for comparison.")
    return " ".join(sentences)


def _tokens(fall: float) -> str:
    return f"{np.log(2) / fall:,.1f} tokens"
