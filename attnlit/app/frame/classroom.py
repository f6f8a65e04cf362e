"""A link for a class: it names the pages that the class can open beside its lesson."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import streamlit as st

from attnlit.app import say
from attnlit.app.frame import address
from attnlit.app.frame.cards import BY_SCRIPT, HOME, LESSONS, PageCard
from attnlit.wording import quoted

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


def check_link() -> None:
    """Say it, where somebody has followed a link for a class, if it names a page that does not exist."""
    named = st.query_params.get(KEY, "").split(".")
    unknown = next((each for each in named if each and each not in BY_SCRIPT), None)
    if unknown is not None and address.arrived():
        say.once(f"This link names a page that does not exist, {quoted(unknown)}. Ask for the link again.")


def page_link(script: str, **options: Any) -> None:
    """A link to a page, where there is one: a class's link may leave pages out. options: `st.page_link`'s."""
    if any(card.script == script for card in allowed()):
        st.page_link(f"pages/{script}.py", **options)
