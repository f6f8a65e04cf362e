"""Which way of following was chosen, and what it finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from attnlit.analysis.flow import contributions_and_even, flow, rollout
from attnlit.app import cache, code
from attnlit.app.frame.chosen import choose_query
from attnlit.app.frame.controls import IN_ADDRESS, one_of
from attnlit.wording import quoted

if TYPE_CHECKING:
    from attnlit.analysis.flow import Routes
    from attnlit.app.frame.request import Request

ROLLOUT, MAX_FLOW, PASSED_ON = WAYS = ("Rollout", "Max flow", "What is passed on")


def ask() -> tuple[str, bool]:
    """Draw the choices: the way, and whether the residual connection counts."""
    with st.container(horizontal=True, vertical_alignment="center"):
        way = one_of(st.segmented_control, "Follow", WAYS, "way", label_visibility="collapsed")
        alone = way != PASSED_ON and st.toggle(
            "Attention alone",
            key="alone",
            help="In each layer a token also keeps what it was: the residual connection. Rollout and max "
            "flow count that as one half. Here you can leave it out.",
            **IN_ADDRESS,
        )
    return way, not alone


def routes(request: Request, way: str, residual: bool) -> Routes:
    """Where the chosen token's information came from. Raises AttnlitError in words."""
    attention, query = request.attention, request.query
    if way == ROLLOUT:
        return rollout(attention, residual=residual).routes(query)
    key = (request.model.identity, attention.text, attention.pair, attention.kind, way)
    with st.spinner("Following it down the layers …", show_time=True):
        if way == MAX_FLOW:
            return cache.routes.find(
                (*key, residual, query), lambda: flow(attention, query, residual=residual)
            )
        measured = cache.routes.find(key, lambda: contributions_and_even(request.model, attention))
    return rollout(attention, contributions=measured).routes(query)


def in_code(request: Request, way: str, residual: bool) -> str:
    """Code for the picture of it."""
    if way == MAX_FLOW:
        return code.flow_view(request, f"attnlit.flow(attention, {request.query}, residual={residual})")
    how, imports = f"residual={residual}", []
    if way == PASSED_ON:
        how = "contributions=contributions_and_even(model, attention)"
        imports = [("attnlit.analysis.flow", "contributions_and_even")]
    return code.flow_view(request, f"attnlit.rollout(attention, {how}).routes({request.query})", *imports)


def in_caption(request: Request, way: str, residual: bool) -> str:
    """The same for a figure's caption."""
    alone = "" if residual or way == PASSED_ON else ", attention alone"
    return f"what {quoted(request.attention.query_tokens[request.query])} is made of · {way.lower()}{alone}"


def follow_click(request: Request, clicked: list[dict[str, int]]) -> None:
    """A click on a token makes it the one that is followed; “nowhere” is none."""
    tokens = request.attention.queries
    for each in clicked:
        if each["place"] < len(tokens):
            choose_query(tokens[each["place"]].position)
