"""The neuron view's specification: which marks there are, in which order, and what pointing does."""

from __future__ import annotations

from typing import Any

from attnlit.charts.later import alt
from attnlit.charts.neuron.active_row import active_row, zero_lines
from attnlit.charts.neuron.layout import signals
from attnlit.charts.neuron.marks import (
    active_button,
    active_frame,
    caption,
    captions,
    key_areas,
    key_row,
    query_buttons,
    row_gaps,
    single_values,
    strips,
    token_texts,
)
from attnlit.charts.picture import frozen
from attnlit.charts.theme import Theme
from attnlit.charts.vega import click_selection, event_on, framed, hover_selection


@frozen
def theme_spec(theme: Theme) -> alt.LayerChart:
    """For the app: a click is told to the server, which chooses the query."""
    return _chart(theme, by_itself=False)


@frozen
def spec_by_itself(theme: Theme) -> alt.LayerChart:
    """For a notebook and a saved page: a click chooses the query."""
    return _chart(theme, by_itself=True)


def _chart(theme: Theme, *, by_itself: bool) -> alt.LayerChart:
    """The view without its data. Later layers lie on top of earlier ones."""
    on_query, on_key = event_on("query_hit", "pointerover"), event_on("key_hit", "pointerover")
    hover = hover_selection("hover", "query_hit", "query", also_cleared_by=[on_key])
    key_hover = hover_selection("key_hover", "key_hit", "key", also_cleared_by=[on_query])
    kept: dict[str, Any] = {"clear": False} if by_itself else {}
    pin = click_selection("pin", "query_hit", fields=["query"], **kept)
    key_ground, key_frame = key_row(theme)
    chart = alt.layer(
        query_buttons(theme).add_params(hover, pin),
        active_button(theme),
        key_ground,
        *strips(),
        *row_gaps(theme),
        *token_texts(theme),
        zero_lines(theme),
        active_frame(theme),
        key_frame,
        active_row(theme),
        caption(theme),
        *captions(theme),
        key_areas().add_params(key_hover),
        *single_values(),
    ).add_params(*signals(by_itself))
    return framed(chart, theme, width=1000, height=600)
