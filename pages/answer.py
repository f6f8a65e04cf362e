"""Answer: what the model says, word by word, and what it read for each of them."""

import streamlit as st

from attnlit.app import say
from attnlit.app.answer import ask, show, write
from attnlit.app.frame.router import ask_model, end_here
from attnlit.attention.answers import check_writes
from attnlit.words.answer import NOTHING

choice = ask_model()
check_writes(choice.model)
question = ask.question(choice.model)
found = write.written(choice.model, question)
if found is None:
    end_here()
record = found[choice.kind]
if choice.kind == "encoder":
    say.hint("The encoder reads only the text, not the answer. Choose decoder or cross in the sidebar.")
elif not record.written:
    st.markdown(NOTHING)
else:
    show.answer(choice, question, record)
