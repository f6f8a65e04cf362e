"""The model view: every head of every layer, and the chosen one large beside it."""

import streamlit as st

from attnlit.app.frame.router import ask

request = ask()  # before what draws is imported: a cold server shows its controls first

from attnlit.analysis.scores import head_roles  # noqa: E402
from attnlit.app import code, export, panels  # noqa: E402
from attnlit.charts.model import model_picture  # noqa: E402

left, right = panels.beside([3, 2])
with left:
    panels.heads_picture(
        model_picture(request.shown, selected=(request.layer, request.head), theme=request.theme),
        key="model_picture",
        alt="Model view: a thumbnail of every head, layers downwards, heads across",
    )
with right:
    of_head = panels.one_head(request)
    with st.container(key="words_first"):  # in a narrow window they stand above the large head
        panels.words(request, "model_picture", "one_head", "heat_map")
    export.menu(
        request,
        "model",
        lambda: model_picture(request.shown),
        lambda: head_roles(request.attention),
        code=[code.model_view(request), *of_head],
    )
