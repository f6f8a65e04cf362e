"""Clicks in the head view, as Streamlit hands them back, and what they make of heads and pin."""

from __future__ import annotations

import pytest

from attnlit.charts.head import ChosenHeads, PinnedToken, last_click, token_more

QUERY = PinnedToken("query", 3)


def pinned(now: PinnedToken | None, *rows: dict, before: dict | None = None) -> PinnedToken | None:
    return PinnedToken.from_selection({"pin": [*rows], "heads": [], "solo": []}, now, before)


def test_a_click_pins_a_token_and_another_click_lets_go() -> None:
    assert pinned(None, {"side": "query", "index": 3, "held": False}) == QUERY
    assert pinned(QUERY, {"side": "key", "index": 5, "held": False}) == PinnedToken("key", 5)
    assert pinned(QUERY, {"side": "query", "index": 3, "held": True}) is None
    assert pinned(QUERY, {"side": "none", "index": -1, "held": False}) is None


def test_where_nothing_was_clicked_all_stays() -> None:
    assert pinned(QUERY) == QUERY
    assert PinnedToken.from_selection(None, QUERY) == QUERY
    assert PinnedToken.from_selection({}, QUERY) == QUERY
    assert ChosenHeads.from_selection({}, (1, 2), 4) == ChosenHeads((1, 2))


def turned(click: str) -> dict:
    return {"heads": [{"turned": click}], "solo": []}


def test_a_click_that_was_answered_before_is_no_news() -> None:
    old = {"pin": [{"side": "key", "index": 5, "held": False}], **turned("1010 3")}
    assert pinned(QUERY, *old["pin"], before=old) == QUERY
    assert ChosenHeads.from_selection(old, (1, 2), 4, before=old).heads == (1, 2)


def test_a_click_says_which_heads_are_on() -> None:
    assert ChosenHeads.from_selection(turned("101 3"), (0, 1, 2), 3).heads == (0, 2)


def test_another_click_is_news_also_where_the_one_before_changed_nothing() -> None:
    """Then the picture was not drawn anew between the two, and both have its time."""
    before = turned("100 3")  # a click on the last one that is on
    assert ChosenHeads.from_selection(turned("110 3"), (0,), 3, before).heads == (0, 1)
    double = {**before, "solo": [{"alone": "111 3"}]}
    assert ChosenHeads.from_selection(double, (0,), 3, before).heads == (0, 1, 2)


@pytest.mark.parametrize(
    ("click", "double_click", "last"), [(1, 2, "010 2"), (2, 1, "101 2"), (1, 1, "010 1"), (9, 10, "010 10")]
)
def test_of_two_clicks_the_last_one_counts_and_a_double_click_after_its_own(
    click: int, double_click: int, last: str
) -> None:
    clicks = {"heads": [{"turned": f"101 {click}"}], "solo": [{"alone": f"010 {double_click}"}]}
    assert last_click(clicks) == last
    heads = {"101": (0, 2), "010": (1,)}[last[:3]]
    assert ChosenHeads.from_selection(clicks, (0, 1, 2), 3).heads == heads


@pytest.mark.parametrize("sent", ["000 1", "000", "", " ", "11 1", "1111 1", None, 5, [1], {"a": 1}])
def test_never_none_and_whatever_a_browser_sends(sent: object) -> None:
    rows = {"heads": [{"turned": sent}, {}], "solo": [{"alone": sent}]}
    assert ChosenHeads.from_selection(rows, (0, 2), 3).heads == (0, 2)
    assert last_click({}) == last_click(None) == ""


def test_a_click_with_shift_names_one_token_more() -> None:
    clicked = {"more": [{"side": "key", "index": 3}]}
    assert token_more(clicked) == PinnedToken("key", 3)
    assert token_more(clicked, clicked) is None
    assert token_more({"more": [{"side": "none", "index": -1}]}) is None
    assert token_more({"pin": [{"side": "key", "index": 3}]}) is None
