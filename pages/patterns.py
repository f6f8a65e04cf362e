"""Recurring patterns: every head scored for each known role, and the chosen one in plain words."""

import streamlit as st

from attnlit.app import panels, patterns
from attnlit.app.router import ask

request = ask()

texts = patterns.texts(request)
found = patterns.surveyed(request, texts) if texts else None
if found is None:
    st.stop()

left, right = st.columns([3, 2], gap="medium")
with left:
    score = patterns.choose_score(found)
    patterns.head_map(request, found, score)
    st.subheader("Heads like this one", anchor=False)
    patterns.alike(request, found)
with right:
    patterns.card(request, found, score)
    patterns.repeated_text(request, found)
    panels.words(request)
    patterns.export_menu(request, found, score)

st.subheader("All heads", anchor=False)
patterns.all_heads(found, score)
