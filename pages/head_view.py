"""The head view: one layer, any of its heads, as lines between two columns of tokens."""

import streamlit as st

from attnlit.app import code, export, panels
from attnlit.app.frame import chosen, classroom
from attnlit.app.frame.router import ask
from attnlit.charts.head import HOW_TO, SELECTIONS, ChosenHeads, PinnedToken, head_picture, head_table

request = ask()
pinned = PinnedToken(*request.pinned) if request.pinned else None


def follow_clicks() -> None:
    """A click on a switch chooses heads, a click on a token pins it; on the left, it is the query, too."""
    clicked, before = panels.clicks("head_picture")
    heads = ChosenHeads.from_selection(clicked, request.heads, request.attention.heads, before).heads
    if heads != request.heads:
        chosen.choose_heads(heads, request.attention.heads)
    pin = PinnedToken.from_selection(clicked, pinned, before)
    if pin != pinned:
        chosen.pin(request.shown, (pin.side, pin.index) if pin else None)


left, right = panels.beside([3, 1])
with left:
    st.caption(HOW_TO)
    panels.picture(
        head_picture(
            request.shown, request.layer, request.heads,
            theme=request.theme, pinned=pinned, all_switches=True,
        ),
        key="head_picture",
        on_select=follow_clicks,
        selection=SELECTIONS,
        alt="Head view of one layer: lines from each token to the tokens that it looks at",
    )  # fmt: skip
with right:
    panels.words(request)
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
        code=code.head_view(request),
        heads=request.heads,
        caption=export.pinned(request),
    )
