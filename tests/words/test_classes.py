"""What a classifier says, in a sentence; names of classes are somebody else's."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from attnlit.analysis.ablation import Effect
from attnlit.models.model import EACH_TOKEN, ONE_CLASS, REGRESSION, SEVERAL_CLASSES
from attnlit.words.classes import classes_in_words
from attnlit.words.prediction import effect_in_words
from tests.classifiers import HOSTILE


def classes(what: str = "probability", **numbers: float) -> pd.DataFrame:
    return pd.DataFrame({"class": [*numbers], what: [*numbers.values()]})


@pytest.mark.parametrize(
    ("table", "problem_type", "said"),
    [
        (classes(good=0.9, bad=0.1), ONE_CLASS, "This text's class: **good (90.0%)**, then bad (10.0%)."),
        (
            classes(a=0.5, b=0.2, c=0.1, d=0.1, e=0.06, f=0.04),
            ONE_CLASS,
            "This text's class: **a (50.0%)**, then b (20.0%), c (10.0%), d (10.0%), e (6.0%) and more.",
        ),
        (
            classes(rude=0.9, sad=0.6, glad=0.1),
            SEVERAL_CLASSES,
            "This text's classes, each judged for itself: **rude (90.0%), sad (60.0%)**.",
        ),
        (
            classes(rude=0.2, sad=0.1),
            SEVERAL_CLASSES,
            "This text is of none of the classes, each judged for itself; the likeliest is rude (20.0%).",
        ),
        (classes("number", LABEL=3.2149), REGRESSION, "This text's number is **3.21**."),
        (classes("number", a=3.2149, b=-1.0), REGRESSION, "This text's numbers: a 3.21, b -1."),
    ],
)
def test_the_sentence_says_what_sort_of_answer_it_is(
    table: pd.DataFrame, problem_type: str, said: str
) -> None:
    assert classes_in_words(table, problem_type) == said


def test_tokens_of_the_commonest_class_are_not_named() -> None:
    rows = [(1, "Ann", "PER", 0.9), (1, "Ann", "O", 0.1), (2, "sat", "O", 0.8), (3, "up", "O", 0.7)]
    table = pd.DataFrame(rows, columns=["place", "token", "class", "probability"])
    said = "The most common class is **O**. Others: “Ann” is PER (90%)."
    assert classes_in_words(table, EACH_TOKEN) == said
    assert classes_in_words(table[table["place"] > 1], EACH_TOKEN) == "Every token's class is **O**."


@pytest.mark.parametrize("problem_type", [ONE_CLASS, SEVERAL_CLASSES, REGRESSION, EACH_TOKEN])
def test_the_name_of_a_class_is_no_markup(problem_type: str) -> None:
    numbers = {"number": [2.0, 1.0], "probability": [0.9, 0.1]}
    table = pd.DataFrame({"place": [1, 2], "token": HOSTILE, "class": [HOSTILE, "other"], **numbers})
    sentence = classes_in_words(table, problem_type)
    assert "](" not in sentence
    assert "<b>" not in sentence.replace("\\<b\\>", "")


def effect(
    problem_type: str, before: list[list[float]], after: list[list[float]], **own: tuple[str, ...]
) -> Effect:
    """What was predicted of two classes at one place or several."""
    old, new = np.array(before), np.array(after)
    tables = [
        pd.DataFrame(
            {"place": place + 1, "class": ["yes", HOSTILE], "before": a, "after": b, "change": b - a}
        )
        for place, (a, b) in enumerate(zip(old, new, strict=True))
    ]
    kls = tuple((old * np.log(old / new)).sum(-1))
    return Effect(
        pd.concat(tables, ignore_index=True), float(np.mean(kls)), kls, old, new, "class", "self", ((1, 2),),
        problem_type, **own,
    )  # fmt: skip


def test_what_becomes_of_a_class() -> None:
    kept = effect_in_words(effect(ONE_CLASS, [[0.9, 0.1]], [[0.6, 0.4]]))
    assert kept == "The class is most likely “yes” (90.0%); without head 1-2 it still is (60.0%)."
    other = effect_in_words(effect(ONE_CLASS, [[0.9, 0.1]], [[0.2, 0.8]]))
    assert "](" not in other
    assert other.endswith("and “yes” has 20.0%.")


def test_what_becomes_of_a_number() -> None:
    table = effect(REGRESSION, [[3.5, 1.0]], [[2.25, 1.0]])
    assert effect_in_words(table) == (
        "The model's number for “yes”, which changes most, is 3.5; without head 1-2 it is 2.25."
    )


def test_of_tokens_the_one_that_changes_most_is_named() -> None:
    both = effect(EACH_TOKEN, [[0.9, 0.1], [0.9, 0.1]], [[0.9, 0.1], [0.5, 0.5]], tokens=("a", "b"))
    assert effect_in_words(both) == (
        "The class that changes most is that of “b”, which is most likely “yes” (90.0%); without head 1-2 it "
        "still is (50.0%)."
    )
