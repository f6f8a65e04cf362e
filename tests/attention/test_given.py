"""What is no model, no record and no text is refused in a sentence, by every public function alike."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import attnlit
from attnlit.attention.given import (
    as_list,
    as_texts,
    check_function,
    checked_head,
    checked_number,
    checked_pairs,
    checked_switch,
    checked_token,
)
from attnlit.errors import AttnlitError
from tests.bundled import bundled

TEXT = "The cat sat on the mat"
FUNCTIONS = [getattr(attnlit, name) for name in attnlit.__all__ if inspect.isfunction(getattr(attnlit, name))]


def taking(first: str) -> list[Callable[..., Any]]:
    """The public functions whose first argument has this name."""
    return [each for each in FUNCTIONS if next(iter(inspect.signature(each).parameters)) == first]


def called_with(function: Callable[..., Any], first: Any, **others: Any) -> Any:
    """A call with these arguments, and good ones for all else that it needs."""
    given = {
        "text": TEXT,
        "texts": [TEXT],
        "prompt": TEXT,
        "source": TEXT,
        "target": TEXT,
        "query": 1,
        "key": 0,
    }
    given |= {"contrast": (TEXT, "The dog sat on the mat", "and", "but"), "word": "and"}
    given |= {"heads": [(0, 0)], "edits": [], "survey": None, "second": None}
    needed = [
        name
        for name, each in list(inspect.signature(function).parameters.items())[1:]
        if each.default is inspect.Parameter.empty
    ]
    return function(first, **({name: given[name] for name in needed if name in given} | others))


# What no argument is meant to be, whatever it is for. Some may take one of them: a pair is a text.
WRONG = ["x!", -1, 2.5e9, True, None, [("x",)], np.zeros(3), np.array(3)]


def choices(function: Callable[..., Any]) -> list[str]:
    """The arguments after the first."""
    return list(inspect.signature(function).parameters)[1:]


@pytest.fixture(scope="module")
def first_argument() -> dict[str, Any]:
    """What the public functions take first, by its name."""
    model = attnlit.load("mini-gpt2")
    record = attnlit.attend(model, TEXT)
    takes = {"model": model, "attention": record, "first": record}
    return takes | {"routes": attnlit.flow(record, 3), "found": attnlit.writes(model, TEXT)}


@pytest.mark.whole
@pytest.mark.parametrize(
    "function", [each for each in FUNCTIONS if each is not attnlit.load], ids=lambda each: each.__name__
)
def test_a_wrong_choice_is_refused_in_a_sentence(
    function: Callable[..., Any], first_argument: dict[str, Any]
) -> None:
    first = first_argument[next(iter(inspect.signature(function).parameters))]
    for name in choices(function):
        for wrong in WRONG:
            with contextlib.suppress(AttnlitError):
                called_with(function, first, **{name: wrong})


@pytest.mark.parametrize(("wrong", "said"), [("x", "a str"), (2.0, "a float"), (True, "a bool")])
def test_a_number_is_a_whole_one(wrong: Any, said: str) -> None:
    assert checked_number(np.int64(3), "top", 1) == 3
    with pytest.raises(AttnlitError, match="top must be 1 or more, not 0"):
        checked_number(0, "top", 1)
    with pytest.raises(AttnlitError, match=f"top must be a whole number, but this is {said}"):
        checked_number(wrong, "top", 1)


@pytest.mark.parametrize("wrong", ["no", 0, None, np.zeros(3), pd.NA])
def test_a_switch_is_true_or_false(wrong: Any) -> None:
    assert [checked_switch(each, "rows") for each in (np.True_, True, False)] == [True, True, False]
    with pytest.raises(AttnlitError, match="rows is True or False, but this is"):
        checked_switch(wrong, "rows")


def test_a_function_can_be_called() -> None:
    check_function(None, "progress")
    check_function(print, "progress")
    with pytest.raises(AttnlitError, match="progress must be a function, but this is a bool"):
        check_function(True, "progress")


def test_what_can_be_gone_through_is_a_list() -> None:
    assert [as_list(each) for each in ((), "cat", 3, np.array(3), np.arange(2))] == [
        [],
        None,
        None,
        None,
        [0, 1],
    ]
    assert as_list(each for each in "ab") == ["a", "b"]
    words = attnlit.reading_view(attnlit.attend(bundled("mini-gpt2"), TEXT), words=(each for each in [0, 2]))  # type: ignore[arg-type]
    assert words.to_dict()["width"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"tokenizer": object()}, "has its own tokenizer there: leave out `tokenizer`"),
        ({"revision": "step1000"}, "“mini-gpt2” is here as one version: leave out `revision`"),
        ({"revision": 3}, "A revision is the name of a branch"),
        ({"progress": 3}, "progress must be a function"),
    ],
)
def test_a_model_by_its_name_takes_nothing_that_would_be_ignored(arguments: Any, said: str) -> None:
    with pytest.raises(AttnlitError, match=said):
        attnlit.load("mini-gpt2", **arguments)


def test_a_contrast_is_made_of_texts() -> None:
    with pytest.raises(AttnlitError, match="A contrast is two prompts"):
        attnlit.bias_effects(bundled("mini-gpt2"), attnlit.Contrast("a", "b", "c", 3))  # type: ignore[arg-type]


@pytest.mark.parametrize("function", taking("model"), ids=lambda each: each.__name__)
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("mini-gpt2", "“mini-gpt2” is a name, not a model"),
        (None, "not None"),
        (np.zeros(2), "not a ndarray"),
    ],
)
def test_what_is_no_model_is_refused(function: Callable[..., Any], wrong: Any, said: str) -> None:
    with pytest.raises(AttnlitError, match=said):
        called_with(function, wrong)


@pytest.mark.parametrize("function", [*taking("attention"), *taking("first")], ids=lambda each: each.__name__)
@pytest.mark.parametrize(("wrong", "said"), [(TEXT, "not a str"), (None, "not None")])
def test_what_is_no_record_is_refused(function: Callable[..., Any], wrong: Any, said: str) -> None:
    with pytest.raises(AttnlitError, match=f"This takes a record of attention, {said}"):
        called_with(function, wrong)


def test_every_public_function_is_among_them() -> None:
    others = {each.__name__ for each in FUNCTIONS} - {
        each.__name__ for first in ("model", "attention", "first") for each in taking(first)
    }
    assert others == {"load", "flow_view", "writing_view"}  # these take a name, routes and a sum


@pytest.mark.parametrize(
    ("text", "said"), [(None, "this is None"), (b"cat", "this is a bytes"), ([TEXT, TEXT], "this is a list")]
)
def test_a_text_is_one_string(text: Any, said: str) -> None:
    with pytest.raises(AttnlitError, match=f"The text must be one string, but {said}"):
        attnlit.attend(bundled("mini-gpt2"), text)
    with pytest.raises(AttnlitError, match="The second text must be one string"):
        attnlit.attend(bundled("mini-gpt2"), TEXT, pair=3)  # type: ignore[arg-type]


def test_texts_are_strings_or_pairs() -> None:
    assert as_texts(["a", ("b", "c"), ["d", None]]) == [("a", None), ("b", "c"), ("d", None)]
    assert as_texts(each for each in "ab") == [("a", None), ("b", None)]


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ("one text", "Give the texts as a list of strings. This is a str"),
        (None, "This is None"),
        ({"a": 1}, "This is a dict"),
        (pd.DataFrame({"a": [TEXT]}), "Give one column of the table"),
        ([1], "One is an int"),
        ([("a", "b", "c")], "One is a tuple"),
        ([("a", 1)], "One is a tuple"),
    ],
)
def test_what_are_no_texts_are_refused(texts: Any, said: str) -> None:
    with pytest.raises(AttnlitError, match=said):
        as_texts(texts)


def test_integers_of_any_type_count() -> None:
    assert checked_token(np.int64(2), 3) == 2
    assert checked_head(0, 1, "m") == 0
    assert checked_pairs(np.array([[1, 2], [1, 2], [0, 3]])) == [(1, 2), (0, 3)]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [(3, "token 3"), (-1, "token -1"), ("cat", "token cat"), (1.0, "token 1.0"), (None, "None")],
)
def test_what_is_not_there_is_named(wrong: Any, said: str) -> None:
    with pytest.raises(AttnlitError, match=f"This text has 3 tokens, counted from 0: there is no .*{said}"):
        checked_token(wrong, 3)
    with pytest.raises(AttnlitError, match="m has 1 head, counted from 0"):
        checked_head(3, 1, "m")


@pytest.mark.parametrize("wrong", [3, (0, 1), "01", [(0, 1, 2)], ["01"], [([1], 2)], None])
def test_heads_are_pairs(wrong: Any) -> None:
    with pytest.raises(AttnlitError, match="Give heads as pairs of a layer and a head"):
        checked_pairs(wrong)
