"""Makes Streamlit's `AppTest` quick, for tests and for the load run that compares with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Literal

import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.scriptrunner.script_cache import ScriptCache
from streamlit.testing.v1 import app_test, local_script_runner

from attnlit.app import early, line, start
from attnlit.wording import escaped


def look_for_components_once() -> None:
    """Streamlit reads what every installed package says of itself, anew for each run of an `AppTest`.

    That is four fifths of the time of a run, and we use no such component.
    """
    scan = manifest_scanner.scan_component_manifests
    if not hasattr(scan, "cache_info"):
        manifest_scanner.scan_component_manifests = cache(scan)


def compile_pages_once() -> None:
    """An `AppTest` compiles the page anew for each run, where a server's sessions share what was compiled."""
    shared = ScriptCache()
    app_test.ScriptCache = local_script_runner.ScriptCache = lambda: shared


def wait_for_no_browser() -> None:
    """The app lets a browser take in the style, and opens a model behind the first picture that it has drawn.

    No `AppTest` needs the time, and a model that opens behind one would come at any moment of another.
    """
    early.HEAD_START, start.DRAWN_WITHIN = 0.0, 86_400.0


def draw_lines_of_buttons_natively() -> None:
    """No `AppTest` can press a button that our own script draws: Streamlit's own stand in for them.

    A menu is open if its session says so, and what it holds is drawn in the page: of dialogs only one at a
    time may be open.
    """
    line.draw = _natively
    st.dialog = lambda *_, **__: lambda function: function


def _natively(
    items: Sequence[line.Words | line.Button],
    key: str,
    look: Literal["steps", "menus"],
    on_press: Callable[[str], None] | None = None,
) -> list[str]:
    with st.container(key=key):
        for each in items:
            if isinstance(each, line.Words):
                strong = f"**{escaped(each.strong)}**" if each.strong else ""
                st.markdown(f"{escaped(each.before)}{strong}{each.after}")
            elif look == "steps":
                st.button(
                    each.label, key=each.name, disabled=each.disabled, on_click=on_press, args=(each.name,)
                )
    buttons = [each for each in items if isinstance(each, line.Button)]
    return [each.name for each in buttons if f"{each.name} menu" in st.session_state]
