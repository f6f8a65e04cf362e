"""Code for a picture: run as it stands, it makes the picture that is on the page."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from xml.etree import ElementTree

import pytest
import streamlit as st

import attnlit
from attnlit.analysis.scores import main_roles
from attnlit.app import cache, code, compare_code, export
from attnlit.app.flow import follow
from attnlit.app.frame.request import Request
from attnlit.charts.figure import MARGIN, WIDTHS
from attnlit.charts.flow import flow_view
from attnlit.charts.heatmap import difference_map
from attnlit.charts.model import NO_ROLE, Roles
from attnlit.charts.theme import LIGHT
from attnlit.models.model import Model
from tests.app.opening import opened, told, with_menu
from tests.bundled import bundled

TEXT, PAIR = 'The cat "sat" on the mat\'s edge.', "At night\nthe cat left."


@pytest.fixture(scope="module", autouse=True)
def opened_once() -> Iterator[None]:
    """Every snippet opens the model that it is about."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attnlit, "load", bundled)
        yield


@pytest.fixture(scope="module")
def model() -> Model:
    return bundled("mini-bert")


def request(model: Model, filters: cache.Filters, pinned: Any = ("query", 3)) -> Request:
    whole = cache.attention(model, TEXT, PAIR)["self"]
    shown = cache.filtered(model, TEXT, PAIR, "self", filters)
    return Request(model, "self", 2, 1, LIGHT, whole, shown, (1, 4), 3, pinned, filters)


def drawn(snippet: str) -> str:
    """What the last line of the snippet makes."""
    *before, last = snippet.splitlines()
    names: dict[str, Any] = {}
    exec("\n".join(before), names)
    return content(eval(last, names))


def content(chart: Any) -> str:
    """A chart with its data, without the numbers that keep charts of one notebook apart."""
    return re.sub(r"(?<=[a-z])_\d+(?=_marks\b|\b)", "", json.dumps(chart.to_dict(), sort_keys=True))


FILTERS = [
    cache.Filters(),
    cache.Filters(passed_on=True),
    cache.Filters("A→B", whole_words=True),
    cache.Filters(without_special=True, rescaled=True, whole_words=True),
    cache.Filters(together=((3, 4, 6), (3, 4, 6))),
]


@pytest.mark.parametrize("filters", FILTERS, ids=["attention", "passed on", "pair", "rescaled", "together"])
def test_the_head_view_is_made_again(model: Model, filters: cache.Filters) -> None:
    asked = request(model, filters)
    same = drawn(code.head_view(asked))
    assert same == content(attnlit.head_view(asked.shown, 2, [1, 4], pinned=("query", 3)))
    assert same != content(attnlit.head_view(asked.shown, 2, [1], pinned=("query", 3)))


def test_the_head_view_in_rows_is_made_again(model: Model) -> None:
    asked = request(model, cache.Filters())
    same = drawn(code.head_view(asked, rows=True))
    assert same == content(attnlit.head_view(asked.shown, 2, [1, 4], pinned=("query", 3), rows=True))


@pytest.mark.parametrize(
    ("snippet", "view"),
    [
        (code.model_view, lambda asked: attnlit.model_view(asked.shown)),
        (code.neuron_view, lambda asked: attnlit.neuron_view(asked.shown, 2, 1, 3)),
        (code.heatmap, lambda asked: attnlit.heatmap(asked.shown, 2, [1, 4], pinned=("query", 3))),
    ],
    ids=["model", "neuron", "heat map"],
)
def test_the_other_views_are_made_again(
    model: Model, snippet: Callable[[Request], str], view: Callable[[Request], Any]
) -> None:
    asked = request(model, cache.Filters(without_special=True))
    assert drawn(snippet(asked)) == content(view(asked))


@pytest.mark.parametrize("filters", [cache.Filters(passed_on=True), cache.Filters(without_special=True)])
def test_the_model_view_is_made_again_in_the_colours_of_its_roles(
    model: Model, filters: cache.Filters
) -> None:
    asked = request(model, filters)
    roles = Roles(*main_roles(asked.attention))
    for only in (None, NO_ROLE):
        same = drawn(code.model_view(asked, roles=True, only=only))
        assert same == content(attnlit.model_view(asked.shown, roles=roles, only=only))


@pytest.mark.parametrize("way", follow.WAYS)
def test_the_flow_is_made_again(model: Model, way: str) -> None:
    asked = request(model, cache.Filters())
    snippet = follow.in_code(asked, way, True)
    assert drawn(snippet) == content(flow_view(follow.routes(asked, way, True)))


def test_a_page_shows_the_code_of_its_picture_and_what_to_cite() -> None:
    app = opened("head_view", layer="2", heads="1", query="3", special="true")
    assert not any("Vig, Jesse" in each.value for each in app.code)  # until its menu is open
    shown = [each.value for each in with_menu(app, "Cite").code]
    assert any("layer=2, heads=[1], pinned=('query', 2))" in each for each in shown)  # one token is hidden
    assert any("Vig, Jesse" in each for each in shown)


def test_the_head_view_shows_the_mean_of_heads_as_a_heat_map_with_its_words_and_code() -> None:
    app = opened("head_view", layer="2", heads=["1", "3"], shape="Heat map", query="-1")
    assert not app.exception
    assert len(app.get("vega_lite_chart")) == 1
    assert "A cell is the mean over heads 1 and 3." in told(app)
    assert [each.label for each in app.toggle if each.key == "switch_off"] == ["Switch these 2 heads off"]
    assert any("attnlit.heatmap(attention, layer=2, head=[1, 3])" in each.value for each in app.code)


def test_a_saved_heat_map_of_several_heads_says_that_it_is_their_mean(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[str] = []
    monkeypatch.setattr(export, "menu", lambda *_, about, **__: said.append(about))
    for heads in (["1", "3"], ["1"]):
        opened("head_view", layer="2", heads=heads, shape="Heat map", query="-1")
    assert said == ["cells are means over heads", ""]


def test_a_picture_is_saved_as_wide_as_a_page_or_a_column(monkeypatch: pytest.MonkeyPatch) -> None:
    saved: dict[str, Any] = {}
    monkeypatch.setattr(
        st, "download_button", lambda _, data, name, *rest, **more: saved.update({name: data})
    )
    app = with_menu(opened("head_view", layer="2", heads="1"), "Save")
    assert not app.exception
    app.session_state["figure_width"] = "A column"
    app.run()
    for name, width in (("mini-gpt2_L2H1_head", "page"), ("mini-gpt2_L2H1_head_column", "column")):
        drawn = ElementTree.fromstring(saved[f"{name}.svg"]())
        assert int(drawn.get("width", 0)) == WIDTHS[width] + 2 * MARGIN


def test_the_numbers_behind_a_picture_can_be_read_as_a_table() -> None:
    app = opened("head_view", layer="2", heads="1")
    assert not app.dataframe
    with_menu(app, "Table")
    assert not app.exception
    assert {"query", "key", "weight"} <= set(app.dataframe[0].value.columns)


def test_the_sum_of_a_word_is_made_again() -> None:
    model = bundled("mini-gpt2")
    record = cache.attention(model, TEXT, "")["self"]
    asked = Request(model, "self", 2, 1, LIGHT, record, record, (1,), 3, None, cache.Filters())
    same = drawn(code.writing_view(asked, 3, "mat", "cat"))
    assert same == content(attnlit.writing_view(attnlit.writes(model, TEXT, "mat", "cat", 3)))


@pytest.mark.parametrize("weighed", [False, True], ids=["attention", "passed on"])
def test_an_answer_and_what_was_read_for_it_are_made_again(weighed: bool) -> None:
    model = bundled("mini-gpt2")
    found = attnlit.answer(model, TEXT, max_tokens=4, temperature=1.0, seed=3)
    snippet = code.reading_view(
        model, found, ((3, 2),), (1, 2),
        prompt=TEXT, messages=None, temperature=1.0, seed=3, once_read=True, passed_on=weighed,
    )  # fmt: skip
    shown = attnlit.passed_on(model, found) if weighed else found
    assert drawn(snippet) == content(attnlit.reading_view(shown, ((3, 2),), (1, 2), once_read=True))


def test_where_two_texts_differ_is_drawn_again(model: Model) -> None:
    asked = request(model, cache.Filters(without_special=True))
    second = cache.filtered(model, "The dog sat down.", PAIR, "self", asked.filters)
    found = attnlit.compare(asked.shown, second)
    same = drawn(compare_code.difference(asked, found, (2, 3)))
    assert same == content(difference_map(*found.one_head(2, 1, (2, 3))))


def test_where_two_models_differ_is_drawn_again(model: Model) -> None:
    asked, other = request(model, cache.Filters()), bundled("mini-gpt2")
    found = attnlit.compare(asked.shown, attnlit.attend(other, TEXT))
    same = drawn(compare_code.difference(asked, found, (4, 3), other))
    assert same == content(difference_map(*found.one_head(2, 1, (4, 3))))
    before = compare_code.difference(asked, found, (2, 1), untrained=True)
    assert "from attnlit.attention import untrained\n" in before
    assert "\nother = untrained(model)\n" in before
    assert "attnlit.attend(other, " in before
