"""Compare: two texts in one model, or two models on one text, head by head; patches between texts."""

from functools import partial
from typing import Any

import streamlit as st

from attnlit.analysis.compare import compare
from attnlit.app import say
from attnlit.app.compare import ask, heads, measure, patching, side_by_side
from attnlit.app.frame.router import ask as ask_frame
from attnlit.app.frame.router import end_here
from attnlit.words.compare import aligned_in_words

request = ask_frame()
side = ask.sides()
beside = here = (request.layer, request.head)
second: dict[str, Any] = {}

if side == ask.TEXTS:
    text, words = ask.second_text()
    if not text.strip():
        say.hint("Type a second text, for example the sidebar's text with one word changed.")
        end_here()
    names = ("the first text", "the second text")
    found = compare(request.shown, measure.other_text(request, text))
    st.markdown(aligned_in_words(found))
    side_by_side.heads(request, found, names, here)
    st.header("Which heads attend differently?", anchor=False)
    one_head = partial(side_by_side.difference, request, found, names, here)
    heads.differences(request, found, measure.unrelated(request, found), one_head)
    patching.section(request, found, words)
else:
    other = ask.second_model(request) if side == ask.MODELS else ask.before_training(request)
    if other is None:
        end_here()
    trained = side == ask.TRAINING
    second = {"untrained": True} if trained else {"second": other}
    names = (request.model.name, f"{request.model.name} before training" if trained else other.name)
    found = compare(request.shown, measure.other_model(request, other))
    st.markdown(aligned_in_words(found))
    table = measure.most_alike(request, other, found)
    beside = ask.beside(found, table, *here)
    side_by_side.heads(request, found, names, beside)
    st.header("Which heads attend differently?", anchor=False)
    one_head = partial(side_by_side.difference, request, found, names, beside)
    if trained:
        heads.differences(request, found, None, one_head)
    heads.alike(request, table, names, None if trained else one_head)

patching.until(request)
side_by_side.menu(request, found, names, beside, ask.own(side), **second)
patching.limits()
