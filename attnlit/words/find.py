"""What was pointed at, and which heads do the same, in a sentence (Markdown)."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

from attnlit.wording import capitalised, percent, percent_or_less
from attnlit.words.names import token_name
from attnlit.words.survey import shown

if TYPE_CHECKING:
    from attnlit.analysis.survey.find import FoundHeads
    from attnlit.attention import Attention


def found_in_words(found: FoundHeads, attention: Attention, query: int, key: int) -> str:
    """Which pattern the look is one of, and which head does most of it."""
    looks = f"{token_name(attention.queries, query)} looks at {token_name(attention.keys, key)}"
    first = found.table.iloc[0]
    head = f"**{int(first['layer'])}-{int(first['head'])}**"
    here = percent(float(first["here"]))
    if found.score is not None:
        overall = shown(found.score.name, float(first["overall"]))
        return (
            f"{capitalised(looks)}: a case of *{found.score.title.lower()}*. {head} does it most: {here} "
            f"here, and {overall} over all the texts."
        )
    usual = float(first["usual"])
    usually = "" if isnan(usual) else f", where it usually gives {percent_or_less(usual)} at that distance"
    return (
        f"{capitalised(looks)}. No score covers how these two are related, or no head does it. The most "
        f"unusual look of this kind is that of {head}: {here}{usually}."
    )
