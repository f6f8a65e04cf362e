"""The model view: every head of every layer, and the chosen one large beside it."""

import streamlit as st

from attnlit.app.frame.router import ask

request = ask()  # before what draws is imported: a cold server shows its controls first

from dataclasses import replace  # noqa: E402
from functools import partial  # noqa: E402

from attnlit.analysis.scores import head_roles  # noqa: E402
from attnlit.app import code, export, panels, roles  # noqa: E402
from attnlit.charts.model import model_picture  # noqa: E402

told = roles.settle(request)
draw = partial(model_picture, request.shown, roles=told.roles, only=told.only)

left, right = panels.beside([3, 2])
with left:
    grid = draw(selected=(request.layer, request.head), theme=request.theme)
    panels.heads_picture(
        replace(grid, notes=(told.said, *grid.notes) if told.said else grid.notes),
        key="model_picture",
        alt="Model view: a thumbnail of every head, layers downwards, heads across",
        follow=roles.follow,
        selections=[roles.KEY],
    )
with right:
    of_head = panels.one_head(request)
    with st.container(key="words_first"):  # in a narrow window they stand above the large head
        panels.words(request, "model_picture", "one_head", "heat_map")
    export.menu(
        request,
        "model",
        draw,
        lambda: head_roles(request.attention),
        code=[code.model_view(request, roles=told.roles is not None, only=told.only), *of_head],
        about=told.caption,
    )
with left:
    roles.by_list(told)  # last: no picture waits for it
