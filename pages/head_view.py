"""The head view: one layer, any of its heads, as lines between two columns of tokens."""

import streamlit as st

from attnlit.app import panels
from attnlit.app.router import ask
from attnlit.app.state import choose_heads, pin_token, pinned_token
from attnlit.charts.head import (
    HOW_TO,
    SELECTIONS,
    ChosenHeads,
    PinnedToken,
    head_picture,
    head_table,
)
from attnlit.wording import quoted

request = ask()
place = pinned_token(request)
pinned = PinnedToken(*place) if place else None


def follow_clicks() -> None:
    """A click on a switch chooses heads, a click on a token pins it; on the left, it is the query, too."""
    clicked, before = panels.clicks("head_picture")
    heads = ChosenHeads.from_selection(clicked, request.heads, request.attention.heads, before).heads
    if heads != request.heads:
        choose_heads(request, heads)
    pin = PinnedToken.from_selection(clicked, pinned, before)
    if pin != pinned:
        pin_token(request, (pin.side, pin.index) if pin else None)


left, right = st.columns([3, 1], gap="medium")
with left:
    st.caption(HOW_TO)
    panels.picture(
        head_picture(
            request.shown,
            request.layer,
            request.heads,
            theme=request.theme,
            pinned=pinned,
            all_switches=True,
        ),
        key="head_picture",
        on_select=follow_clicks,
        selection=SELECTIONS,
        alt="Head view of one layer: lines from each token to the tokens that it looks at",
    )
with right:
    panels.words(request, key=pinned.index if pinned and pinned.side == "key" else None)
    st.page_link(
        "pages/neuron_view.py",
        label="Open in the neuron view",
        icon=":material/neurology:",
        width="stretch",
        query_params={"layer": str(request.layer), "head": str(request.heads[0])},
    )
    tokens = request.shown.keys if pinned and pinned.side == "key" else request.shown.queries
    token = tokens[pinned.index] if pinned else None
    panels.export_menu(
        request,
        "head",
        lambda: head_picture(request.shown, request.layer, request.heads, pinned=pinned),
        lambda: head_table(request.shown, request.layer, request.heads),
        heads=request.heads,
        caption=f"{pinned.side.capitalize()}: {quoted(token.text)}" if pinned and token else "",
    )
