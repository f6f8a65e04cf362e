"""Writing: the sum that makes a word's logit, head by head, beside what is lost without each head."""

import streamlit as st

from attnlit.app import panels, say, word_loss
from attnlit.app.frame.router import ask as ask_text
from attnlit.app.writing import ask, head, lens, parts
from attnlit.app.writing.measure import Measured
from attnlit.errors import AttnlitError
from attnlit.words.writing import guess_in_words

request = ask_text()
asked = ask.words()
place = ask.place(request)
measured = Measured(request, asked, place)
found = measured.guess()
st.markdown(guess_in_words(found, request.model.name, request.attention.queries, place))
summed = None
try:
    summed = measured.sum()
    parts.whole(request, summed)
except AttnlitError as mistake:  # a bent prediction head, unknown values: heads can still be switched off
    say.hint(str(mistake))

st.header("Which heads?", anchor=False)
written = None
if summed and request.kind != ask.ENCODER:
    written = parts.written(summed, request.attention)
left, right = panels.beside([3, 2], key="beside_heads")
with left:
    lost = written is None or ask.shows() == ask.LOST
    values = measured.lost_of_all() if lost else written
    if values is not None:
        parts.head_map(request, values, found, lost=lost)
with right:
    head.card(request, measured, written, found.words[0])
if written is not None:
    st.header("Where it looks, and what each look writes", anchor=False)
    head.looks(request, measured)
word_loss.card(request)
if summed:
    st.header("Layer by layer", anchor=False)
    lens.layer_by_layer(request, measured)
    st.header("All parts", anchor=False)
    parts.all_parts(request, summed)
parts.menu(request, found, summed, values, asked)
