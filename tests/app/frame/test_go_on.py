"""Letting the model go on in the sidebar: what it writes is part of the text, also after a stop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from attnlit.app import write
from attnlit.attention import answer, attend
from tests.app.opening import opened, said
from tests.bundled import bundled

TEXT = "She opened the letter and"


def let_go_on(app: AppTest, **chosen: Any) -> AppTest:
    button(app, "Go on").click().run()
    for key, value in chosen.items():
        app.button_group(key=key).set_value(value) if key != "on_seed" else app.slider(key=key).set_value(
            value
        )
    return button(app, "Let it go on").click().run()


def button(app: AppTest, label: str) -> Any:
    return next(each for each in app.button if each.label == label)


def test_what_the_model_writes_becomes_the_text_of_picture_and_link() -> None:
    app = let_go_on(opened("head_view", model="mini-gpt2", text=TEXT), on_length=5, on_temperature=0.0)
    assert not app.exception
    assert not app.warning
    written = answer(bundled("mini-gpt2"), TEXT, max_tokens=5)
    longer = TEXT + str(written.pair)
    assert app.text_area(key="text").value == longer
    assert [option.split("  ·")[0] for option in app.selectbox(key="query").options][-5:] == [
        token.text for token in written.queries[-5:]
    ]
    links = [parse_qs(each.value.split("?")[1]) for each in app.code if "model=" in each.value]
    assert longer in [link["text"][0] for link in links if "text" in link]
    again = let_go_on(app, on_temperature=1.0, on_seed=3)
    drawn = answer(bundled("mini-gpt2"), longer, max_tokens=5, temperature=1.0, seed=3)
    assert again.text_area(key="text").value == longer + str(drawn.pair)


def test_what_was_written_until_a_stop_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    clicks: dict[str, Callable[[], None]] = {}
    drawn, say = st.button, write.say

    def noted(label: str, **options: Any) -> bool:
        clicks[label] = lambda: options["on_click"](*options.get("args", ()))
        return drawn(label, **options)

    def slow(*asked: Any, **options: Any) -> Iterator[int]:
        for count, word in enumerate(say(*asked, **options)):
            if count == 5 and "Cancel" in clicks:
                clicks.pop("Cancel")()  # as Streamlit does with a click, and then runs the page again
                st.rerun()
            time.sleep(0.25 if count < 3 else 0)  # from the second sign of life on there is a bar
            yield word

    monkeypatch.setattr(st, "button", noted)
    monkeypatch.setattr(write, "say", slow)
    text = "The ship that never came home"
    app = let_go_on(opened("head_view", model="mini-gpt2", text=text), on_length=20, on_temperature=0.0)
    assert not app.exception
    five = answer(bundled("mini-gpt2"), text, max_tokens=5)
    assert app.text_area(key="text").value == text + str(five.pair)


def test_behind_a_second_sentence_it_goes_on_with_that_one() -> None:
    pair = "And then she"
    opening = opened("head_view", model="mini-gpt2", text=TEXT, pair=pair)
    app = let_go_on(opening, on_length=5, on_temperature=0.0)
    assert not app.exception
    assert app.text_area(key="text").value == TEXT
    written = str(answer(bundled("mini-gpt2"), f"{TEXT} {pair}", max_tokens=5).pair)
    assert app.text_area(key="pair").value == pair + written


def test_a_text_without_room_behind_it_is_answered_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTNLIT_MAX_TOKENS", str(len(attend(bundled("mini-gpt2"), TEXT).queries)))
    app = let_go_on(opened("head_view", model="mini-gpt2", text=TEXT))
    assert "leaves no room for an answer" in said(app)
    assert app.text_area(key="text").value == TEXT
    assert app.get("vega_lite_chart")


def test_a_model_that_fills_gaps_is_not_asked_to_go_on() -> None:
    app = opened("head_view", model="mini-bert")
    assert "Go on" not in [each.label for each in app.button]
