"""What a page does unseen in the browser: in one element that draws nothing, because each costs time."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import streamlit as st

from attnlit.app import described, history, keyboard
from attnlit.app.frame.theme import FOLLOW, theme


def draw() -> None:
    """Draw nothing, but see to the steps of "back", to what describes pictures, to menus and to the theme."""
    _component()(key="unseen", data={"theme": theme().name}, on_theme_change=_drawn_again)


def _drawn_again() -> None:
    """What comes back makes a run: no more is needed."""


@cache
def _component() -> Callable[..., Any]:
    script = history.ONE_STEP + described.POINT_FROM_PICTURES + keyboard.INTO_MENUS + FOLLOW
    return st.components.v2.component("attnlit_unseen", js=script)
