"""Home: a text and a living picture of it, examples to click, questions, lessons."""

import streamlit as st

from attnlit.app import start
from attnlit.app.frame.router import ensure_routed
from attnlit.app.frame.sidebar import FIRST_MODEL
from attnlit.app.home.picture import LINES, ask, living_picture
from attnlit.words.glossary import explained

ensure_routed()

words, living = st.columns([2, 3], gap="large")
with words:
    text = ask()
    how_to_read = st.empty()
    how_to_read.markdown(LINES)
    with st.popover("What is a token, a layer, a head?", icon=":material/help:"):
        st.markdown(explained("token", "layer", "head", "attention"))
with living.container(key="living"):
    if (how := living_picture(text)) != LINES:
        how_to_read.markdown(how)

from attnlit.app.home import gallery  # noqa: E402 - numpy: a cold server shows its words first

st.header("Examples", anchor=False)
gallery.examples()
st.header("Three questions to ask a model", anchor=False)
gallery.questions()
st.header("In a classroom", anchor=False)
gallery.teach()
start.prepare_behind(FIRST_MODEL)
