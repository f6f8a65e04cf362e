"""The head view: one layer, any of its heads, as lines between two columns of tokens."""

import streamlit as st

from attnlit.app import code, export, panels
from attnlit.app.frame import classroom
from attnlit.app.frame.router import ask
from attnlit.charts.head import HOW_TO, SELECTIONS, head_picture, head_table

request = ask()
pinned = panels.pinned(request)

left, right = panels.beside([3, 1])
with left:
    st.caption(HOW_TO)
    panels.picture(
        head_picture(
            request.shown, request.layer, request.heads,
            theme=request.theme, pinned=pinned,
            answered=panels.answered("head_picture"),
        ),
        key="head_picture",
        on_select=lambda: panels.follow_head_view(request, "head_picture"),
        selection=SELECTIONS,
        alt="Head view of one layer: lines from each token to the tokens that it looks at",
    )  # fmt: skip
with right:
    panels.words(request, "head_picture")
    classroom.page_link(
        "neuron_view",
        label="Open in the neuron view",
        icon=":material/neurology:",
        width="stretch",
        query_params={"layer": str(request.layer), "head": str(request.heads[0])},
    )
    export.menu(
        request,
        "head",
        lambda: head_picture(request.shown, request.layer, request.heads, pinned=pinned),
        lambda: head_table(request.shown, request.layer, request.heads),
        code=[code.head_view(request)],
        heads=request.heads,
        caption=export.pinned(request),
    )
