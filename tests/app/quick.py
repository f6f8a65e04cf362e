"""Makes Streamlit's `AppTest` quick, for tests and for the load run that compares with it."""

from __future__ import annotations

from functools import cache

import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.scriptrunner.script_cache import ScriptCache
from streamlit.testing.v1 import app_test, local_script_runner

from attnlit.app import early, menu_row, start


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


def open_menus_in_their_place() -> None:
    """No `AppTest` can press a button that our own script draws. A menu is open if its session says so.

    What it holds is drawn in the page: of dialogs only one at a time may be open.
    """
    menu_row.draw = lambda buttons: [label for label in buttons if f"{label} menu" in st.session_state]
    st.dialog = lambda *_, **__: lambda function: function
