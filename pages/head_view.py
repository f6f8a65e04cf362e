"""The head view: one layer, any of its heads, as lines between two columns of tokens."""

import streamlit as st

from attnlit.app import code, export, panels
from attnlit.app.frame import classroom
from attnlit.app.frame.controls import IN_ADDRESS
from attnlit.app.frame.router import ask
from attnlit.charts.head import HOW_TO, SELECTIONS, head_picture, head_table

request = ask()
pinned = panels.pinned(request)

left, right = panels.beside([3, 1])
with left:
    st.caption(HOW_TO)
    about = "Queries in a row above, keys in a row below: for short texts, and for scripts without spaces."
    rows = st.toggle("Tokens in rows", key="rows", help=about, **IN_ADDRESS)
    key = "head_rows_picture" if rows else "head_picture"
    panels.picture(
        head_picture(
            request.shown, request.layer, request.heads,
            theme=request.theme, pinned=pinned, answered=panels.answered(key), rows=rows,
        ),
        key=key,
        on_select=lambda: panels.follow_head_view(request, key, together=True),
        selection=SELECTIONS,
        alt="Head view of one layer: lines from each token to the tokens that it looks at",
    )  # fmt: skip
with right:
    panels.words(request, key)
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
        lambda: head_picture(request.shown, request.layer, request.heads, pinned=pinned, rows=rows),
        lambda: head_table(request.shown, request.layer, request.heads),
        code=[code.head_view(request, rows=rows)],
        heads=request.heads,
        caption=export.pinned(request),
    )
