"""The head view: one layer, any of its heads, as lines between two columns of tokens."""

import streamlit as st

from attnlit.app import panels
from attnlit.app.router import ask
from attnlit.app.state import choose_query, pinned_on_arrival
from attnlit.charts.head import HOW_TO, head_picture, head_table, head_view, pinned_token

request = ask()
arrived_with = pinned_on_arrival(request)
pinned = None if arrived_with is None else ("query", arrived_with)


def follow_pin() -> None:
    """A click on a token on the left makes it the query, here and in the neuron view."""
    pinned = pinned_token(panels.selection("head_picture", "pin"))
    if pinned and pinned[0] == "query":
        choose_query(request.shown.queries[pinned[1]].position)


left, right = st.columns([3, 1], gap="medium")
with left:
    st.caption(HOW_TO)
    panels.picture(
        head_picture(request.shown, request.layer, request.heads, theme=request.theme, pinned=pinned),
        key="head_picture",
        on_select=follow_pin,
        selection="pin",
        alt="Head view of one layer: lines from each token to the tokens that it looks at",
    )
with right:
    side, place = pinned_token(panels.selection("head_picture", "pin")) or ("query", 0)
    panels.words(request, key=place if side == "key" and place < len(request.shown.keys) else None)
    st.page_link(
        "pages/neuron_view.py",
        label="Open in the neuron view",
        icon=":material/neurology:",
        width="stretch",
        query_params={"layer": str(request.layer), "head": str(request.heads[0])},
    )
    panels.export_menu(
        request,
        "head_view",
        lambda: head_view(request.shown, request.layer, request.heads, theme=request.theme, pinned=pinned),
        lambda: head_table(request.shown, request.layer, request.heads),
    )
