"""An address that names no page: Home opens there, and says which page is nearest in spelling.

Streamlit would open a dialog of its own above Home. It does so where the navigation lacks the page, so the
navigation gets one of that name, which no menu shows.
"""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from attnlit.app import say
from attnlit.app.folder import app_folder
from attnlit.app.frame import classroom
from attnlit.app.frame.cards import BY_SCRIPT, HOME, PageCard
from attnlit.wording import quoted

_NAME = "missing_page"  # of the session; it belongs to no control


def page(allowed: Collection[PageCard]) -> Any:
    """The page for a name that is none of the allowed pages; None where the address names one of them."""
    context = get_script_run_ctx()
    # A browser says the name once, at its first run; from then on it sends what the navigation told it.
    asked = context.pages_manager.intended_page_name if context is not None else ""
    if asked:
        known = any(card.script == asked for card in allowed if card is not HOME)
        st.session_state[_NAME] = "" if known or "/" in asked else asked
    name = st.session_state.get(_NAME)
    if not name:
        return None
    return st.Page(app_folder() / "pages" / "home.py", title="Home", url_path=name, visibility="hidden")


def tell(name: str) -> None:
    """Say that this page does not exist, and link to the nearest."""
    scripts = {card.script: card for card in classroom.allowed()}
    spelled = name.strip().lower().replace("-", "_").replace(" ", "_")
    near = get_close_matches(spelled, scripts, n=1)
    card = scripts[near[0]] if near else None
    if card is HOME:
        return
    if card is None:
        left_out = " in this class" if name in BY_SCRIPT else ""
        say.warn(f"There is no page {quoted(name)}{left_out}: this is Home.")
        return
    say.warn(f"There is no page {quoted(name)}: this is Home. Did you mean {quoted(card.title)}?")
    label = f"Open {quoted(card.title)}"
    classroom.page_link(card.script, label=label, icon=card.icon, query_params=st.query_params.to_dict())
