"""What a classifier says of a text, in a sentence (Markdown)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from attnlit.models.model import EACH_TOKEN, REGRESSION, SEVERAL_CLASSES
from attnlit.wording import escaped

if TYPE_CHECKING:
    import pandas as pd

_NAMED = 4  # classes or tokens
_LIKELY = 0.5  # from here on a class that is judged for itself is said to be the text's


def classes_in_words(classes: pd.DataFrame, problem_type: str) -> str:
    """The likeliest classes; classes: the table of `attnlit.classify`, problem_type: the model's."""
    if problem_type == EACH_TOKEN:
        return _of_tokens(classes)
    if problem_type == REGRESSION:
        if len(classes) == 1:
            return f"This text's number is **{classes['number'][0]:.3g}**."
        each = [f"{escaped(row['class'])} {row['number']:.3g}" for _, row in classes.iterrows()]
        return f"This text's numbers: {_some(each)}."
    each = [f"{escaped(row['class'])} ({row['probability']:.1%})" for _, row in classes.iterrows()]
    if problem_type != SEVERAL_CLASSES:
        first, rest = each[0], each[1:]
        return f"This text's class: **{first}**" + (f", then {_some(rest)}." if rest else ".")
    count = int((classes["probability"] >= _LIKELY).sum())
    if not count:
        return f"This text is of none of the classes, each judged for itself; the likeliest is {each[0]}."
    return f"This text's classes, each judged for itself: **{_some(each[:count])}**."


def _of_tokens(classes: pd.DataFrame) -> str:
    """The tokens whose class is not the commonest one."""
    likeliest = classes.drop_duplicates("place")
    usual = likeliest["class"].mode()[0]
    each = [
        f"“{escaped(row['token'])}” is {escaped(row['class'])} ({row['probability']:.0%})"
        for _, row in likeliest.iterrows()
        if row["class"] != usual
    ]
    if not each:
        return f"Every token's class is **{escaped(usual)}**."
    return f"The most common class is **{escaped(usual)}**. Others: {_some(each)}."


def _some(each: Sequence[str]) -> str:
    """The first of them, and whether there are more."""
    return ", ".join(each[:_NAMED]) + " and more" * (len(each) > _NAMED)
