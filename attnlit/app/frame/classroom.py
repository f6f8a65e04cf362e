"""A link for a class: it names the pages that the class can open beside its lesson."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import streamlit as st

from attnlit.app.frame.cards import BY_SCRIPT, HOME, LESSONS, PageCard

KEY = "only"  # in the address of a lesson
_ALLOWED = "pages_of_the_class"  # in the session, from the link on


def spelled(pages: Iterable[str]) -> str:
    """The pages as the link names them."""
    return ".".join(pages) or LESSONS.script


def allowed() -> tuple[PageCard, ...]:
    """The pages that the navigation shows: all, or those that the class's link has named."""
    if asked := st.query_params.get(KEY):
        named = set(asked.split("."))
        st.session_state[_ALLOWED] = frozenset(script for script in BY_SCRIPT if script in named)
    some = st.session_state.get(_ALLOWED)
    if some is None:
        return tuple(BY_SCRIPT.values())
    return tuple(card for card in BY_SCRIPT.values() if card in (HOME, LESSONS) or card.script in some)


def page_link(script: str, **options: Any) -> None:
    """A link to a page, where there is one: a class's link may leave pages out. options: `st.page_link`'s."""
    if any(card.script == script for card in allowed()):
        st.page_link(f"pages/{script}.py", **options)
