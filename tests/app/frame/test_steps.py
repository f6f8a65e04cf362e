"""Clicks on the steps of the title line that come faster than it is drawn."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest


def _page() -> None:
    """Steps that were drawn for layer 2, head 3, and no title line: a run that is ended before has none."""
    import streamlit as st

    from attnlit.app.frame import steps

    for what, by, among in (("layer", 1, [0, 2, 4, 6]), ("layer", -1, [0, 2, 4, 6]), ("head", 1, range(8))):
        st.button(f"{what} {by}", on_click=steps.go, args=(what, by, among, (2, 3)))
    if st.button("draw"):
        steps.are_drawn()


@pytest.fixture
def app() -> AppTest:
    return AppTest.from_function(_page).run()


def clicked(app: AppTest, *labels: str) -> tuple[int, int]:
    for label in labels:
        next(each for each in app.button if each.label == label).click().run()
        assert not app.exception
    return app.session_state["layer"], app.session_state["head"]


def test_each_step_goes_on_from_where_the_last_one_led(app: AppTest) -> None:
    assert clicked(app, "head 1") == (2, 4)
    assert clicked(app, "head 1", "layer 1") == (4, 5)
    assert clicked(app, "head 1") == (4, 6)


def test_the_last_layer_and_the_first_are_the_end(app: AppTest) -> None:
    assert clicked(app, "head 1", "layer 1", "layer 1", "layer 1") == (6, 4)
    assert clicked(app, "layer -1", "layer -1", "layer -1", "layer -1") == (0, 4)


def test_once_the_title_line_is_drawn_steps_begin_at_what_it_says(app: AppTest) -> None:
    clicked(app, "head 1", "head 1")
    assert clicked(app, "draw", "head 1") == (2, 4)
