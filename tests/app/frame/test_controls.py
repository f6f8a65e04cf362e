"""Controls that the address names, each alone with every kind of nonsense: all have a value that they offer.

Every page's own names lead to one of these controls; how whole pages bear it, tests/app/test_addresses.py
says.
"""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from tests.app.nonsense import NONSENSE, shows_markup
from tests.app.opening import said

CONTROLS = ("pills", "segments", "list", "some pills", "some of a list", "slider", "toggle", "by hand")


def _draw(control: str) -> None:
    import streamlit as st

    from attnlit.app.frame import address
    from attnlit.app.frame.controls import IN_ADDRESS, number, one_of, some_of

    address.clean()  # as the frame does before anything is drawn
    but = "there is none of it"
    chosen = {
        "pills": lambda: one_of(st.pills, "It", range(3), "it", but=but) in range(3),
        "segments": lambda: one_of(st.segmented_control, "It", ["a", "b"], "it", default="b") in ("a", "b"),
        "list": lambda: one_of(st.selectbox, "It", ["a", "b"], "it", default="b") in ("a", "b"),
        "some pills": lambda: (
            {*some_of(st.pills, "It", ["All", 0, 1], "it", default="All", but=but)} <= {"All", 0, 1}
        ),
        "some of a list": lambda: some_of(st.multiselect, "It", [0, 1], "it", default=0, but=but) == [0],
        "slider": lambda: number("It", 9, "it", default=4, but=but) in range(10),
        "toggle": lambda: st.toggle("It", key="it", **IN_ADDRESS) is False,
        "by hand": lambda: address.settled("it", {"0", "1"}, but) is None,
    }[control]()
    st.session_state["holds"] = chosen


@pytest.mark.parametrize("nonsense", NONSENSE)
@pytest.mark.parametrize("control", CONTROLS)
def test_nonsense_is_said_and_leaves_what_a_control_begins_with(control: str, nonsense: str) -> None:
    app = AppTest.from_function(_draw, args=(control,))
    app.query_params["it"] = NONSENSE[nonsense]
    app.run()
    assert not app.exception
    assert not app.error
    assert app.session_state["holds"]
    assert not shows_markup(app)
    # A toggle is on or off: Streamlit itself drops what is neither.
    assert len(app.warning) == (nonsense != "empty" and control != "toggle")


def test_a_choice_that_there_is_is_taken() -> None:
    app = AppTest.from_function(_draw, args=("slider",))
    app.query_params["it"] = "7"
    assert app.run().slider(key="it").value == 7
    assert not app.warning


def _draw_a_field() -> None:
    import streamlit as st

    from attnlit.app.frame.controls import typed

    st.session_state["holds"] = typed(st.text_area, "It", "a", "it", 10)


def test_a_text_that_is_too_long_is_cut_and_it_is_said() -> None:
    """Of a field with a limit of its own nobody would see why the text that was pasted is not there."""
    app = AppTest.from_function(_draw_a_field).run()
    assert not app.text_area(key="it").proto.max_chars
    app.text_area(key="it").set_value("The cat sat on the mat.").run()
    assert app.session_state["holds"] == app.text_area(key="it").value == "The cat sa"
    assert said(app) == "“It” takes at most 10 characters: the first 10 are kept."
    assert not app.run().warning


def test_of_what_an_address_says_twice_the_first_counts() -> None:
    app = AppTest.from_function(_draw, args=("slider",))
    app.query_params["it"] = ["7", "3"]  # as Streamlit leaves it after a link to another page
    app.query_params["heads"] = ["1", "2", "1"]
    assert app.run().slider(key="it").value == 7
    assert not app.warning
    assert [*app.query_params["it"]] == ["7"]
    assert app.query_params["heads"] == ["1", "2"]
