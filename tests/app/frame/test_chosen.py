"""Which heads are chosen, when a browser sends a click before it knows what the one before has changed."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest


def _draw(*, picture_first: bool) -> None:
    """The control of several heads, and in place of a picture of them a button for each kind of click."""
    import streamlit as st

    from attnlit.app.frame import chosen

    def picture() -> None:
        st.button("a token", on_click=chosen.picture_was_clicked)
        for head in (5, 6):
            st.button(f"only {head}", on_click=only, args=(head,))

    def only(head: int) -> None:
        chosen.picture_was_clicked()
        chosen.choose_heads([head], 8)

    chosen.take_up()
    if picture_first:
        picture()
    options = [chosen.ALL, *range(8)]
    some = st.pills(
        "Heads", options, default=[3], selection_mode="multi", key="heads", on_change=chosen.settle_heads
    )
    chosen.note_heads(some)
    if not picture_first:
        picture()


class Visitor:
    """Clicks; what the browser has not heard of yet it sends as it was."""

    def __init__(self, *, picture_first: bool) -> None:
        self.app = AppTest.from_function(_draw, kwargs={"picture_first": picture_first}).run()

    def click(self, label: str, *, with_heads: list[int | str] | None = None) -> list[int | str]:
        """with_heads: what the control says in this browser, if not what the server says."""
        if with_heads is not None:
            self.app.button_group(key="heads").set_value(with_heads)
        next(each for each in self.app.button if each.label == label).click()
        self.app.run()
        assert not self.app.exception
        return self.app.session_state["heads"]

    def pick(self, heads: list[int | str]) -> list[int | str]:
        self.app.button_group(key="heads").set_value(heads).run()
        return self.app.session_state["heads"]


@pytest.fixture(params=[True, False], ids=["picture first", "control first"])
def visitor(request: pytest.FixtureRequest) -> Visitor:
    return Visitor(picture_first=request.param)


def test_a_click_that_comes_before_the_answer_to_the_last_one_does_not_undo_it(visitor: Visitor) -> None:
    assert visitor.click("only 5") == [5]
    assert visitor.click("a token", with_heads=[3]) == [5]
    assert visitor.click("only 6", with_heads=[3]) == [6]
    assert visitor.click("a token", with_heads=[3]) == [6]
    assert visitor.click("a token", with_heads=[5]) == [6]
    assert visitor.app.button_group(key="heads").value == [6]


def test_what_is_chosen_in_the_control_stays_when_a_picture_is_clicked(visitor: Visitor) -> None:
    visitor.click("only 5")
    assert visitor.pick([5, 3]) == [5, 3]
    assert visitor.click("a token") == [5, 3]
    assert visitor.pick([3]) == [3]  # as before the first click, and meant
    assert visitor.click("a token") == [3]
    assert visitor.click("only 6") == [6]
    assert visitor.pick(["All", 6]) == ["All"]
    assert visitor.click("a token") == ["All"]


def test_both_at_once_count_where_the_control_says_something_new(visitor: Visitor) -> None:
    visitor.click("only 5")
    assert visitor.click("a token", with_heads=[5, 7]) == [5, 7]
    assert visitor.click("a token") == [5, 7]
