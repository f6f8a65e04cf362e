"""What a model predicts before and after a change, in a sentence (Markdown)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from attnlit.wording import escaped

if TYPE_CHECKING:
    from attnlit.analysis.ablation import Effect

_NAMED_HEADS = 4  # more of them are only counted in a sentence


def effect_in_words(effect: Effect) -> str:
    """What happened to the likeliest word, at the first place that was asked."""
    words = effect.table[effect.table["place"] == 1]
    old, new = (words.loc[words[column].idxmax()] for column in ("before", "after"))
    change = "with the change" if effect.off is None else _without(effect.kind, effect.off)
    first = f"The {escaped(effect.asked)} is most likely “{escaped(old['token'])}” ({old['before']:.1%})"
    if old.name == new.name:
        return f"{first}; {change} it still is ({old['after']:.1%})."
    return (
        f"{first}; {change} it is “{escaped(new['token'])}” ({new['after']:.1%}), and "
        f"“{escaped(old['token'])}” has {old['after']:.1%}."
    )


def _without(kind: str, heads: Sequence[tuple[int, int]]) -> str:
    """“without heads 4-1 and 5-3”"""
    if not heads:
        return "with every head on"
    which = "" if kind == "self" else f"{kind} "
    if len(heads) > _NAMED_HEADS:
        return f"without {len(heads)} {which}heads"
    names = " and ".join(f"{layer}-{head}" for layer, head in heads)
    return f"without {which}head{'s' * (len(heads) > 1)} {names}"
