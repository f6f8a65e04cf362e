"""What a page is asked to show, put together from its controls: sidebar first, then the bar."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from attnlit.app import cache
from attnlit.app.frame import address, bar, chosen, opening, sidebar, together
from attnlit.app.frame.cards import BY_SCRIPT, VIEWS, PageCard
from attnlit.app.frame.request import Choice, Request
from attnlit.app.frame.theme import theme

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from attnlit.attention import Attention


Later = list[Callable[[], None]]


def draw(card: PageCard, later: Later) -> Choice:
    """Draw the controls that the page needs; a `Request` where it asks for a text.

    later: takes up what is to be drawn once the page has. Raises AttnlitError where the answer is a sentence.
    """
    asked = sidebar.draw(card)
    model, kind, layer, heads = asked.known, asked.kind, asked.layer, asked.heads
    attention = asked.attention
    if attention is None:
        return Choice(model, kind, layer, heads[0], theme())
    whole, vectors = "whole" in card.controls, "vectors" in card.controls
    if not whole:
        _then(card, later, bar.title_place(), lambda: bar.title_line(model, kind, layer, heads))
    above = st.container(horizontal=True, vertical_alignment="bottom", key="bar")
    filters, taken = cache.Filters(), None
    if "unfiltered" in card.controls:
        chosen.hold_filters()
    elif not whole:
        with above:
            filters = bar.filters(model, attention, vectors=vectors)
    shown = _filtered(asked, attention, filters)
    if "together" in card.controls:
        taken = together.settle(shown)
        filters = replace(filters, together=taken.sides)
        shown = _filtered(asked, attention, filters)
    query, pinned = chosen.settle_query(attention, shown, filters.together[0])
    if "query" in card.controls:
        _then(card, later, above, lambda: bar.query(shown))
    if taken is not None:
        _then(card, later, above, taken.draw)
    if vectors:  # the picture is of one query
        pinned = ("query", query)
    return Request(model, kind, layer, heads[0], theme(), attention, shown, heads, query, pinned, filters)


def _then(card: PageCard, later: Later, place: DeltaGenerator, draw: Callable[[], None]) -> None:
    """Draw this in its place: from view to view after the picture, which does not wait for it.

    From another page, where it does not stand, it comes first: the picture would be moved by it.
    """
    before = BY_SCRIPT.get(address.page_before())

    def in_place() -> None:
        with place:
            draw()

    if before is not None and card.section == before.section == VIEWS:
        later.append(in_place)
    else:
        in_place()


def _filtered(asked: sidebar.Asked, attention: Attention, filters: cache.Filters) -> Attention:
    """What the filters leave of the record."""
    if opening.is_open(asked.known) or filters.passed_on:
        return cache.filtered(opening.opened(asked.known), asked.text, asked.pair, asked.kind, filters)
    return cache.of_a_record(attention, filters)
