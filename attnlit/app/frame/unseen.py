"""What a page does unseen in the browser: in one element that draws nothing, because each costs time."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import streamlit as st

from attnlit.app import described, history, keyboard, phone
from attnlit.app.frame.theme import FOLLOW, theme


def draw() -> None:
    """Draw nothing, but see to "back", to what describes pictures, to menus, to phones and to the theme."""
    _component()(key="unseen", data={"theme": theme().name}, on_theme_change=_drawn_again)


def _drawn_again() -> None:
    """What comes back makes a run: no more is needed."""


@cache
def _component() -> Callable[..., Any]:
    of_the_page = history.ONE_STEP + described.POINT_FROM_PICTURES + keyboard.INTO_MENUS
    script = of_the_page + phone.SHOW_WHAT_WAS_SENT + FOLLOW
    return st.components.v2.component("attnlit_unseen", js=script)
