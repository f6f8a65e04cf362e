"""Tokens that count as one in the head view: picture, words, link, table and file come from one state."""

from __future__ import annotations

from urllib.parse import parse_qs

import pytest
from streamlit.testing.v1 import AppTest

from attnlit.app import cache
from attnlit.app.frame.request import Request
from attnlit.app.frame.together import take_one_more
from attnlit.attention import attend
from attnlit.attention.together import take_together
from attnlit.charts.theme import LIGHT
from attnlit.words.read_out import read_out
from tests.app.opening import opened, plain, said, told, with_menu
from tests.bundled import bundled

TEXT = "Mr. Dursby met Miss Harlow at the gate"


def begun(**address: str) -> AppTest:
    return opened("head_view", model="mini-gpt2", text=TEXT, layer="2", heads="1", **address)


def test_tokens_that_are_chosen_count_as_one_everywhere() -> None:
    app = begun()
    record = attend(bundled("mini-gpt2"), TEXT)
    first = record.query_tokens.index("Miss")
    last = len(record.queries) - 4
    app.multiselect(key="together_tokens").set_value([str(first), str(last)]).run()
    next(each for each in app.button if each.label == "… and all between").click().run()
    assert not app.exception
    assert not app.warning
    assert app.query_params["together"] == f"{first}-{last}"
    one = take_together(record, range(first, last + 1))
    assert "Miss Harlow" in one.query_tokens[first]
    for sentence in read_out(one, 2, [1], first):
        assert plain(sentence) in told(app)
    assert f"take_together(attention, [{first}, " in "".join(each.value for each in app.code)
    links = [parse_qs(each.value.split("?")[1]) for each in app.code if "model=" in each.value]
    assert {link["together"][0] for link in links} == {f"{first}-{last}"}
    with_menu(app, "Table")
    assert one.query_tokens[first] in set(app.dataframe[-1].value["query"])


def test_a_link_restores_them_and_another_text_lets_go() -> None:
    app = begun(together="4-5.7", query="7")
    assert app.multiselect(key="together_tokens").value == ["4", "5", "7"]
    app.text_area(key="text").set_value("The cat sat on the mat.")
    next(each for each in app.button if each.label == "Show attention").click().run()
    assert app.multiselect(key="together_tokens").value == []
    assert "together" not in app.query_params


def test_a_click_with_shift_takes_one_more_and_a_click_on_the_one_lets_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chosen: dict[str, object] = {}
    monkeypatch.setattr("attnlit.app.frame.address.choose", chosen.__setitem__)
    model = bundled("mini-gpt2")

    def asked(together: tuple[int, ...], pinned: tuple[str, int] | None) -> Request:
        filters = cache.Filters(together=(together, together))
        whole, shown = (cache.filtered(model, TEXT, "", "self", each) for each in (cache.Filters(), filters))
        return Request(model, "self", 2, 1, LIGHT, whole, shown, (1,), 0, pinned, filters)

    take_one_more(asked((), ("query", 4)), "key", 5)
    assert chosen["together"] == "4-5"
    take_one_more(asked((4, 5), None), "query", 6)  # what stands there since two are one
    assert chosen["together"] == "4-5.7"
    assert chosen["query"] == 7
    take_one_more(asked((4, 5), None), "key", 4)
    assert chosen["together"] is None


@pytest.mark.parametrize("nonsense", ["900-901", "k3", "1-", "x"])
def test_tokens_that_are_not_there_are_answered_in_words(nonsense: str) -> None:
    app = begun(together=nonsense)
    assert not app.exception
    assert "You asked for together" in said(app)


def test_a_query_that_is_within_them_is_the_one_that_stands_for_them() -> None:
    """Of words that stand side by side once others are hidden, or made of pieces, too."""
    app = begun(together="4-5.7", query="5")
    one = take_together(attend(bundled("mini-gpt2"), TEXT), [4, 5, 7])
    index = next(place for place, token in enumerate(one.queries) if token.position in (4, 5, 7))
    for sentence in read_out(one, 2, [1], index):
        assert plain(sentence) in told(app)


@pytest.mark.parametrize("spelled", [".".join(["0-9999"] * 1000), "0-9999"])
def test_a_link_of_any_length_is_bounded(spelled: str) -> None:
    app = begun(together=spelled)
    assert not app.exception
    chosen = app.multiselect(key="together_tokens").value
    assert len(chosen) in (0, len(attend(bundled("mini-gpt2"), TEXT).queries))
