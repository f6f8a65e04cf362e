"""What a page is asked to show, put together from its controls: sidebar first, then the bar."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from attnlit.app import cache
from attnlit.app.frame import bar, chosen, opening, sidebar, together
from attnlit.app.frame.cards import PageCard
from attnlit.app.frame.request import Choice, Request
from attnlit.app.frame.theme import theme

if TYPE_CHECKING:
    from attnlit.attention import Attention


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
        for_query = st.container(width="content") if "query" in card.controls else None
        shown = _filtered(asked, attention, filters)
        if "together" in card.controls:
            filters = replace(filters, together=together.ask(shown))
            shown = _filtered(asked, attention, filters)
        query, pinned = chosen.settle_query(attention, shown, filters.together[0])
        if for_query is not None:
            with for_query:
                bar.query(shown)
    if vectors:  # the picture is of one query
        pinned = ("query", query)
    return Request(model, kind, layer, heads[0], theme(), attention, shown, heads, query, pinned, filters)


def _filtered(asked: sidebar.Asked, attention: Attention, filters: cache.Filters) -> Attention:
    """What the filters leave of the record."""
    if opening.is_open(asked.known) or filters.passed_on:
        return cache.filtered(opening.opened(asked.known), asked.text, asked.pair, asked.kind, filters)
    return cache.of_a_record(attention, filters)
