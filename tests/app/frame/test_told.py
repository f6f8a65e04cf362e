"""What is chosen, when a browser sends a click before it knows what the one before has changed."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest


def _draw(*, picture_first: bool, one_head: bool) -> None:
    """The controls of layer, head and heads, and in place of a picture a button for each kind of click."""

    import streamlit as st

    from attnlit.app.frame import chosen, steps, told

    def picture() -> None:
        st.button("a token", on_click=told.clicked_elsewhere)
        for head in (5, 6):
            st.button(f"only {head}", on_click=only, args=(head,))
        st.button("cell 4-7", on_click=cell)
        for what, by in (("layer", 1), ("layer", -1), ("head", 1)):
            st.button(f"{what} {by}", on_click=steps.go, args=(what, by, range(8)))

    def only(head: int) -> None:
        told.clicked_elsewhere()
        chosen.choose_heads([head], 8)

    def cell() -> None:
        told.clicked_elsewhere()
        chosen.choose_head(4, 7)

    def noted(name: str) -> dict:
        return {"key": name, "on_change": told.note_change, "args": (name,)}

    chosen.take_up()
    if picture_first:
        picture()
    told.drawn("layer", st.pills("Layer", range(8), default=2, **noted("layer")))
    if one_head:
        told.drawn("head", st.pills("Head", range(8), default=3, **noted("head")))
    else:
        options = [chosen.ALL, *range(8)]
        some = st.pills("Heads", options, default=[3], selection_mode="multi", **noted("heads"))
        chosen.note_heads([each for each in options if each in some] or [chosen.ALL])
    if not picture_first:
        picture()


class Visitor:
    """Clicks; what the browser has not heard of yet it sends as it was."""

    def __init__(self, **page: bool) -> None:
        self.app = AppTest.from_function(_draw, kwargs=page).run()

    def click(self, label: str, **said: Any) -> None:
        """said: what controls say in this browser, if not what the server says."""
        for name, value in said.items():
            self.app.button_group(key=name).set_value(value)
        next(each for each in self.app.button if each.label == label).click()
        self.run()

    def pick(self, **now: Any) -> None:
        for name, value in now.items():
            self.app.button_group(key=name).set_value(value)
        self.run()

    def run(self) -> None:
        self.app.run()
        assert not self.app.exception

    @property
    def heads(self) -> list[int | str]:
        assert self.app.button_group(key="heads").value == self.app.session_state["heads"]
        return self.app.session_state["heads"]

    @property
    def at(self) -> tuple[int, int]:
        return self.app.session_state["layer"], self.app.session_state["head"]


@pytest.fixture(params=[True, False], ids=["picture first", "controls first"])
def picture_first(request: pytest.FixtureRequest) -> bool:
    return request.param


@pytest.fixture
def visitor(picture_first: bool) -> Visitor:
    return Visitor(picture_first=picture_first, one_head=False)


@pytest.fixture
def of_one_head(picture_first: bool) -> Visitor:
    return Visitor(picture_first=picture_first, one_head=True)


def test_a_click_that_comes_before_the_answer_to_the_last_one_does_not_undo_it(visitor: Visitor) -> None:
    visitor.click("only 5")
    assert visitor.heads == [5]
    for label, said, now in (
        ("a token", [3], [5]), ("only 6", [3], [6]), ("a token", [3], [6]), ("a token", [5], [6]),
    ):  # fmt: skip
        visitor.click(label, heads=said)
        assert visitor.heads == now


def test_nor_does_it_undo_the_choice_of_a_layer_or_a_head(of_one_head: Visitor) -> None:
    of_one_head.click("cell 4-7")
    assert of_one_head.at == (4, 7)
    of_one_head.click("a token", layer=2, head=3)
    assert of_one_head.at == (4, 7)
    assert of_one_head.app.session_state["heads"] == [7]
    of_one_head.click("a token")
    assert of_one_head.at == (4, 7)


def test_each_step_goes_on_from_where_the_last_one_led(of_one_head: Visitor) -> None:
    of_one_head.click("head 1", layer=2, head=3)
    of_one_head.click("head 1", layer=2, head=3)
    of_one_head.click("layer 1", layer=2, head=4)
    of_one_head.click("layer 1", layer=2, head=3)
    assert of_one_head.at == (4, 5)
    assert of_one_head.app.session_state["heads"] == [5]


def test_the_last_layer_and_the_first_are_the_end(visitor: Visitor) -> None:
    for _ in range(7):
        visitor.click("layer 1", layer=2)
    assert visitor.at == (7, 3)
    for _ in range(9):
        visitor.click("layer -1")
    assert visitor.at == (0, 3)


def test_what_is_chosen_in_a_control_stays_when_something_else_is_clicked(visitor: Visitor) -> None:
    visitor.click("only 5")
    for picked in ([5, 3], [3]):  # the second as before the first click, and meant
        visitor.pick(heads=picked)
        visitor.click("a token")
        assert visitor.heads == picked
    visitor.click("only 6")
    visitor.pick(heads=["All", 6])
    visitor.click("a token", heads=["All", 6])  # not heard yet that they are all
    assert visitor.heads == ["All"]
    visitor.click("layer 1")
    visitor.pick(layer=2)  # as before the step, and meant
    visitor.click("a token")
    visitor.click("layer 1")
    assert visitor.at == (3, 6)


def test_both_at_once_count_where_the_control_says_something_new(visitor: Visitor) -> None:
    visitor.click("only 5")
    visitor.click("a token", heads=[5, 7])
    assert visitor.heads == [5, 7]
    visitor.click("layer 1", layer=5)
    assert visitor.at == (6, 5)


def test_one_head_that_is_chosen_is_shown_alone_elsewhere(of_one_head: Visitor) -> None:
    of_one_head.pick(head=6)
    assert of_one_head.app.session_state["heads"] == [6]


def test_of_several_heads_the_first_is_the_one_elsewhere_and_none_is_never_left(visitor: Visitor) -> None:
    visitor.pick(heads=[7, 5])
    assert visitor.at == (2, 5)
    visitor.pick(heads=[])
    assert visitor.heads == [5, 7]
    visitor.pick(heads=["All", 5, 7])
    assert visitor.heads == ["All"]
    visitor.pick(heads=["All", 4])
    assert visitor.heads == [4]


def test_what_comes_before_a_control_is_drawn_is_late_and_afterwards_a_choice() -> None:
    app = AppTest.from_function(_twice).run()
    assert not app.exception
    assert [each.value for each in app.markdown] == ["set() 4", "{'layer'} 2", "2", "set() 5"]


def _twice() -> None:
    """The layer is 2, a click elsewhere makes it 4, and a browser sends 2: before it is drawn, and after."""
    import streamlit as st

    from attnlit.app.frame import told

    def comes(layer: int) -> None:
        st.session_state["layer"] = layer
        told.note_change("layer")
        st.markdown(f"{told.chosen_now()} {st.session_state['layer']}")

    st.session_state["layer"] = 2
    told.tell("layer", 4)
    comes(2)
    told.drawn("layer", 4)
    comes(2)
    told.clicked_elsewhere()  # what was chosen stays, although the layer once was 2
    st.markdown(str(st.session_state["layer"]))
    told.chosen_now()
    told.tell("layer", 5)
    comes(2)


def test_what_a_page_without_the_control_has_forgotten_is_no_choice() -> None:
    app = AppTest.from_function(_forgotten).run()
    app.run()
    assert not app.exception
    assert app.markdown[0].value == "set()"


def _forgotten() -> None:
    """A control has said something new, and the page that came next has none of its name."""
    import streamlit as st

    from attnlit.app.frame import told

    told.note_change("heads")
    st.markdown(str(told.chosen_now()))
