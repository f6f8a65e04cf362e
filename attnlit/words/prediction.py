"""What a model predicts before and after a change, in a sentence (Markdown)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from attnlit.models.model import REGRESSION, SEVERAL_CLASSES
from attnlit.wording import escaped

if TYPE_CHECKING:
    from attnlit.analysis.ablation import Effect

_NAMED_HEADS = 4  # more of them are only counted in a sentence


def effect_in_words(effect: Effect) -> str:
    """What happened to the likeliest word or class: at the first place, or at the token that changes most."""
    change = "with the change" if effect.off is None else _without(effect.kind, effect.off)
    if effect.problem_type == REGRESSION:
        return _number_in_words(effect, change)
    place = int(np.argmax(effect.kls)) if effect.tokens else 0
    words = effect.table[effect.table["place"] == place + 1]
    name = "class" if effect.problem_type else "token"
    old, new = (words.loc[words[column].idxmax()] for column in ("before", "after"))
    asked = escaped(effect.asked)
    if effect.tokens:
        asked = f"{asked} that changes most is that of “{escaped(effect.tokens[place])}”, which"
    likely = f"“{escaped(old[name])}” ({old['before']:.1%})"
    one_of_several = effect.problem_type == SEVERAL_CLASSES  # each of which may hold
    first = f"The likeliest class is {likely}" if one_of_several else f"The {asked} is most likely {likely}"
    if old.name == new.name:
        return f"{first}; {change} it still is ({old['after']:.1%})."
    return (
        f"{first}; {change} it is “{escaped(new[name])}” ({new['after']:.1%}), and "
        f"“{escaped(old[name])}” has {old['after']:.1%}."
    )


def _number_in_words(effect: Effect, change: str) -> str:
    """What happened to a regression's number; of several, to the one that changes most."""
    row = effect.table.loc[effect.table["change"].abs().idxmax()]
    which = "this text" if effect.before.size == 1 else f"“{escaped(row['class'])}”, which changes most,"
    return f"The model's number for {which} is {row['before']:.3g}; {change} it is {row['after']:.3g}."


def _without(kind: str, heads: Sequence[tuple[int, int]]) -> str:
    """“without heads 4-1 and 5-3”"""
    if not heads:
        return "with every head on"
    which = "" if kind == "self" else f"{kind} "
    if len(heads) > _NAMED_HEADS:
        return f"without {len(heads)} {which}heads"
    names = " and ".join(f"{layer}-{head}" for layer, head in heads)
    return f"without {which}head{'s' * (len(heads) > 1)} {names}"
