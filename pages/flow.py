"""Flow: one token's information followed down through all layers, beside the same for even attention."""

import streamlit as st

from attnlit.app import described, export, panels, say
from attnlit.app.flow import follow
from attnlit.app.frame.router import ask, end_here
from attnlit.charts.flow import flow_picture, how_to
from attnlit.errors import AttnlitError
from attnlit.words.flow import ABOUT, flow_in_words, left_out_in_words

request = ask()
way, residual = follow.ask()
try:
    routes = follow.routes(request, way, residual)
except AttnlitError as mistake:  # cross-attention, a long text, unknown values: another choice can do it
    say.hint(str(mistake))
    end_here()

st.caption(how_to(routes))
panels.picture(
    flow_picture(routes, theme=request.theme),
    key="flow_picture",
    on_select=lambda: follow.follow_click(request, panels.selection("flow_picture", "pin")),
    selection=["pin"],
    alt="Flow: from the input tokens through the layers to one token, beside the same for even attention",
)
if request.kind == "self" and (note := left_out_in_words(request.model.depth, request.attention.layers)):
    say.quiet(note)
left, right = panels.beside([3, 2])
with left, described.words_of("flow_picture"):
    for sentence in flow_in_words(routes):
        st.markdown(sentence)
with right:
    st.caption(ABOUT[routes.way])
    export.menu(
        request,
        "flow",
        lambda: flow_picture(routes),
        lambda: routes.table(),
        code=[follow.in_code(request, way, residual)],
        about=follow.in_caption(request, way, residual),
    )
