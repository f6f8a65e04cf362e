"""What a page is asked to show, put together from its controls: sidebar first, then the bar."""

from __future__ import annotations

import streamlit as st

from attnlit.app import cache
from attnlit.app.frame import bar, chosen, opening, sidebar
from attnlit.app.frame.cards import PageCard
from attnlit.app.frame.request import Choice, Request
from attnlit.app.frame.theme import theme


def draw(card: PageCard) -> Choice:
    """Draw the controls that the page needs; a `Request` where it asks for a text.

    Raises AttnlitError where the answer is a sentence.
    """
    asked = sidebar.draw(card)
    model, kind, layer, heads = asked.known, asked.kind, asked.layer, asked.heads
    attention = asked.attention
    if attention is None:
        return Choice(model, kind, layer, heads[0], theme())
    whole, vectors = "whole" in card.controls, "vectors" in card.controls
    if not whole:
        bar.title_line(model, kind, layer, heads)
    with st.container(horizontal=True, vertical_alignment="bottom", key="bar"):
        filters = cache.Filters()
        if "unfiltered" in card.controls:
            chosen.hold_filters()
        elif not whole:
            filters = bar.filters(model, attention, vectors=vectors)
        if opening.is_open(model) or filters.passed_on:
            shown = cache.filtered(opening.opened(model), asked.text, asked.pair, kind, filters)
        else:
            shown = cache.of_a_record(attention, filters)
        query, pinned = chosen.settle_query(attention, shown)
        if "query" in card.controls:
            bar.query(shown)
    if vectors:  # the picture is of one query
        pinned = ("query", query)
    return Request(model, kind, layer, heads[0], theme(), attention, shown, heads, query, pinned, filters)
