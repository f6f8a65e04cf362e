"""Clicks in the head view, as Streamlit hands them back, and what they make of heads and pin."""

from __future__ import annotations

import pytest

from attnlit.charts.head import ChosenHeads, PinnedToken

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


def test_a_click_that_was_answered_before_is_no_news() -> None:
    old = {"pin": [{"side": "key", "index": 5, "held": False}], "heads": [{"head": 1, "on": True}]}
    assert pinned(QUERY, *old["pin"], before=old) == QUERY
    assert ChosenHeads.from_selection(old, (1, 2), 4, before=old).heads == (1, 2)


@pytest.mark.parametrize(
    ("now", "clicked", "after"),
    [
        ((0, 1, 2), {"head": 1, "on": True}, (0, 2)),
        ((0, 2), {"head": 1, "on": False}, (0, 1, 2)),
        ((1,), {"head": 1, "on": True}, (1,)),  # the last one stays on
        ((0, 2), {"head": 1, "on": True}, (0, 2)),  # clicked twice before the picture could follow
    ],
)
def test_a_click_on_a_switch_turns_one_head_over(now: tuple, clicked: dict, after: tuple) -> None:
    assert ChosenHeads.from_selection({"heads": [clicked]}, now, 3).heads == after


@pytest.mark.parametrize(
    ("now", "clicked", "after"),
    [
        ((0, 1, 2), {"head": 1, "alone": False}, (1,)),
        ((1,), {"head": 1, "alone": True}, (0, 1, 2)),
        ((0,), {"head": 1, "alone": False}, (1,)),
        ((1,), {"head": 1, "alone": False}, (0, 1, 2)),  # the picture had not followed yet
    ],
)
def test_a_double_click_leaves_one_head_alone_and_another_brings_all_back(
    now: tuple, clicked: dict, after: tuple
) -> None:
    assert ChosenHeads.from_selection({"solo": [clicked], "heads": []}, now, 3).heads == after


def test_the_two_clicks_of_a_double_click_do_no_harm() -> None:
    """The second may come before the first is answered; then it is the same and is not told at all."""
    for second_is_told in (True, False):
        heads = ChosenHeads((0, 1, 2)).heads
        first = {"heads": [{"head": 1, "on": True}], "solo": []}
        heads = ChosenHeads.from_selection(first, heads, 3).heads
        before = first
        if second_is_told:
            second = {"heads": [{"head": 1, "on": False}], "solo": []}
            heads = ChosenHeads.from_selection(second, heads, 3, before).heads
            before = second
        double = {**before, "solo": [{"head": 1, "alone": False}]}
        assert ChosenHeads.from_selection(double, heads, 3, before).heads == (1,)
