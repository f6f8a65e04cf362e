"""Messages show what they quote as it is, and every message goes the one way."""

from __future__ import annotations

import ast
import logging
import re
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from attnlit.app import say

ROOT = Path(__file__).parents[2]
MARKUP = "![](http://a.example/x.png) [Log in](http://a.example) **x** <b>y</b> $z$ :red[w] www.a.example"


def _speak() -> None:
    from attnlit.app import say

    text = "![](http://a.example/x.png) [Log in](http://a.example) **x** <b>y</b> $z$ :red[w] www.a.example"
    say.warn(text)
    say.hint(text)
    say.quiet(text)


def test_a_message_shows_markup_as_it_is() -> None:
    app = AppTest.from_function(_speak).run()
    for shown in (app.warning[0], app.info[0], app.caption[0]):
        bare = re.sub(r"\\[!-/:-@\[-`{-~]", "", shown.value)  # what no backslash stands before
        assert not re.search(r"[!-/:-@\[-`{-~]", bare)
        assert shown.value.replace("\\", "").replace("\u2060", "") == MARKUP


def _begin_anew() -> None:
    import streamlit as st

    from attnlit.app import say

    say.begin()
    if st.session_state.setdefault("runs", 0) == 0:
        st.session_state["runs"] = 1
        say.once("There is no layer 99.")
        say.once("This link came without its text.", say.hint)
        say.warn("Said by every run.")
        say.rerun()
    say.warn("Said by every run.")


def test_what_is_said_once_outlives_a_run_that_the_app_begins_anew() -> None:
    app = AppTest.from_function(_begin_anew).run()
    assert [each.value for each in app.warning] == [r"There is no layer 99\.", r"Said by every run\."]
    assert [each.value for each in app.info] == [r"This link came without its text\."]
    app.run()  # a visitor's click
    assert len(app.warning) == 1
    assert not app.info


def test_a_fault_has_one_number_on_the_page_and_in_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    shown: list[str] = []
    monkeypatch.setattr(st, "error", lambda text, icon: shown.append(text))
    with caplog.at_level(logging.ERROR, "attnlit.app"):
        say.unforeseen(RuntimeError("a secret path"))
    number = re.findall(r"\d+", shown[0])[0]
    assert number in caplog.text
    assert "a secret path" in caplog.text
    assert "secret" not in shown[0]
    caplog.clear()


def test_no_other_module_shows_messages() -> None:
    """Else one of them would forget to escape what it quotes."""
    ways = {"warning", "info", "error", "success", "exception", "toast"}
    files = [*ROOT.glob("attnlit/app/**/*.py"), *ROOT.glob("pages/*.py")]
    assert len(files) > 15
    found = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file in files
        if file != Path(say.__file__)
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in ways
        if isinstance(node.value, ast.Name) and node.value.id == "st"
    ]
    assert found == []
