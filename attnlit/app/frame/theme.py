"""The theme that the visitor sees."""

from __future__ import annotations

import streamlit as st

from attnlit.charts.theme import DARK, LIGHT, Theme


def theme() -> Theme:
    """Dark or light. Streamlit may not know it yet in a session's first run: light then."""
    return DARK if st.context.theme.type == "dark" else LIGHT
