"""Recurring patterns: every head scored for each known role, and the chosen one in plain words."""

import streamlit as st

from attnlit.app import panels, word_loss
from attnlit.app.frame.router import ask, end_here
from attnlit.app.patterns import alike, examples, find, head, measure, scores

request = ask()

found = measure.found(request)
if found is None:
    end_here()

left, right = panels.beside([3, 2], key="beside_map")
with left:
    score = scores.choose_score(found)
    scores.head_map(request, found, score)
with right:
    head.card(request, found, score)
    head.repeated_text(request, found)
    panels.words(request, "chosen_head")
    word_loss.card(request)
    scores.export_menu(request, found, score)

left, right = panels.beside([3, 2], key="beside_others")
with left:
    examples.texts(request, found)
with right:
    st.header("Heads like this one", anchor=False)
    alike.alike(request, found)
    find.by_pointing(request, found)
st.header("All heads", anchor=False)
scores.all_heads(found, score)
