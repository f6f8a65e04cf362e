"""What is no model, no record and no text is refused in a sentence, by every public function alike."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import attnlit
from attnlit.attention.given import as_texts
from attnlit.errors import AttnlitError

TEXT = "The cat sat on the mat"
FUNCTIONS = [getattr(attnlit, name) for name in attnlit.__all__ if inspect.isfunction(getattr(attnlit, name))]


def taking(first: str) -> list[Callable[..., Any]]:
    """The public functions whose first argument has this name."""
    return [each for each in FUNCTIONS if next(iter(inspect.signature(each).parameters)) == first]


def called_with(function: Callable[..., Any], first: Any) -> Any:
    """A call whose first argument alone is wrong."""
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
    return function(first, **{name: given[name] for name in needed})


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
    with pytest.raises(AttnlitError, match=f"The text must be one string, and {said}"):
        attnlit.attend(attnlit.load("mini-gpt2"), text)
    with pytest.raises(AttnlitError, match="The second text must be one string"):
        attnlit.attend(attnlit.load("mini-gpt2"), TEXT, pair=3)  # type: ignore[arg-type]


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
