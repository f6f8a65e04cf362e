"""The glossary: what the terms of the field mean."""

import streamlit as st

from attnlit.app.frame.router import ensure_routed
from attnlit.words.glossary import GLOSSARY, explained

ensure_routed()

half = (len(GLOSSARY) + 1) // 2
for column, terms in zip(
    st.columns(2, gap="medium"), (list(GLOSSARY)[:half], list(GLOSSARY)[half:]), strict=True
):
    column.markdown(explained(*terms))
