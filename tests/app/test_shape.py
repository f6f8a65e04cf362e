"""A long text opens as a heat map, in address, words, link and code, until somebody chooses lines."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from tests.app.opening import opened, told, typed

LONG = " ".join(["The cat sat on the mat."] * 12)
WHY = "A heat map, because this text has"


def shape(app: AppTest) -> str:
    """How the head view draws, which is what its code draws, and what its link says of it."""
    drawn = app.button_group(key="shape").value
    (snippet,) = [each.value for each in app.code if "attnlit.load" in each.value]
    assert ("attnlit.heatmap(" in snippet) == (drawn == "Heat map")
    return str(drawn)


def links(app: AppTest) -> list[str]:
    """The addresses that the page's Link menu shows."""
    found = [each.value for each in app.code if each.value.partition("?")[2].startswith("model=")]
    assert found
    return found


@pytest.fixture
def long_text(small_model: Callable[[str], str]) -> AppTest:
    return opened("head_view", model=small_model("mini-gpt2"), text=LONG)


def test_a_long_text_opens_as_a_heat_map_and_the_page_says_why(long_text: AppTest) -> None:
    assert shape(long_text) == "Heat map"
    assert WHY in told(long_text)
    assert "shape" not in long_text.query_params
    assert not any("shape=" in each for each in links(long_text))
    assert shape(typed(long_text, "The cat sat.")) == "Columns"
    assert WHY not in told(long_text)


def test_lines_that_somebody_chose_stay(long_text: AppTest) -> None:
    app = long_text.button_group(key="shape").set_value("Columns").run()
    assert shape(app) == "Columns"
    assert any("shape=Columns" in each for each in links(app))
    app.button_group(key="layer").set_value(1).run()
    assert shape(app) == "Columns"
    assert shape(typed(app, "The cat sat.")) == "Columns"
    assert shape(typed(app, LONG + LONG)) == "Columns"


def test_a_link_that_names_a_shape_keeps_it(small_model: Callable[[str], str]) -> None:
    app = opened("head_view", model=small_model("mini-gpt2"), text=LONG, shape="Columns")
    assert shape(app) == "Columns"
    assert WHY not in told(app)
    short = opened("head_view", model=small_model("mini-gpt2"), text="The cat sat.", shape="Heat map")
    assert shape(short) == "Heat map"
    assert WHY not in told(short)


@pytest.mark.parametrize("page", ["home", "model_view"])
def test_elsewhere_too(page: str, small_model: Callable[[str], str]) -> None:
    words = LONG if page == "model_view" else ""
    app = opened(page, **({"model": small_model("mini-gpt2"), "text": words} if words else {}))
    if page == "home":
        app.text_area(key="text").set_value(LONG)
        next(each for each in app.button if each.label == "Show attention").click().run()
        assert WHY in told(app)
        assert "A cell is one weight" in told(app)
    else:
        assert app.button_group(key="look").value == "Heat map"
    assert not app.exception
