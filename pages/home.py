"""Home: a text and a living picture of it, what attention is in three sentences, examples to click."""

import streamlit as st

from attnlit.app.examples import EXAMPLES
from attnlit.app.frame.cards import PAGES, QUESTIONS
from attnlit.app.frame.router import ensure_routed
from attnlit.app.home.picture import ask, living_picture

ensure_routed()

words, living = st.columns([2, 3], gap="large")
with words:
    text = ask()
    st.markdown(
        "A language model reads a text as **tokens**: words, or pieces of them. In every **layer**, several "
        "**heads** decide for each token which other tokens it should take information from.\n\n"
        "That choice is **attention**: weights that add up to 1. A line here is one weight; the stronger the "
        "line, the more the token on the left takes from the token on the right.\n\n"
        "**Point at a word** in the picture. Then open an example."
    )
    st.page_link("pages/lessons.py", label="Six lessons, alone or with a class", icon=":material/school:")
with living.container(key="living"):
    living_picture(text)

st.subheader("Examples", anchor=False)
for number, (name, example) in enumerate(EXAMPLES.items()):
    if number % 3 == 0:
        columns = st.columns(3)
    with columns[number % 3].container(border=True, height="stretch"):
        label = f"**{example.title}**"
        st.page_link(
            f"pages/{example.page}.py", label=label, icon=example.icon, query_params={"example": name}
        )
        st.caption(f"{example.says}  \n{example.model}")

st.subheader("Three questions to ask a model", anchor=False)
questions = [card for card in PAGES if card.section == QUESTIONS]
for column, card in zip(st.columns(3), questions, strict=True):
    with column.container(border=True, height="stretch"):
        st.page_link(f"pages/{card.script}.py", label=f"**{card.title}**", icon=card.icon)
        st.caption(card.lead)
