"""The head view's specification: which marks there are, in which order. See `data` for what they draw."""

from __future__ import annotations

from attnlit.charts.head.layout import NOBODY, height_in_window, places
from attnlit.charts.head.marks import (
    active_token,
    all_lines,
    ground,
    highlights,
    ramp,
    tokens,
    which_token,
)
from attnlit.charts.head.switches import caption, switches, which_heads
from attnlit.charts.head.words import legend_words, of_others, said, titles
from attnlit.charts.later import alt
from attnlit.charts.lettering import lettering
from attnlit.charts.picture import frozen
from attnlit.charts.theme import Theme
from attnlit.charts.vega import framed, setup_signals

BEFORE_DATA = {
    "queries": 0,
    "row": 24,
    "said_line": 0,
    "titles": 0,
    "top": 0,
    "wide_height": 400,
    "token_room": 72,
    "font_size": 14,
    "number_size": 12,
    "switches": 1,
    "switch_rows": 1,
    "answered": NOBODY,
    "on_before": "1",
    "colours": "",
    "dashes": "",
    "pinned_place": -1,
    "full": 1,
    "measure": "weight",
}


@frozen
def theme_spec(theme: Theme) -> alt.LayerChart:
    """For the app: clicks are told to the server, and the next tables show what it made of them."""
    return _chart(theme, by_itself=False)


@frozen
def spec_by_itself(theme: Theme) -> alt.LayerChart:
    """For a notebook and a saved page: clicks pin and switch in the browser."""
    return _chart(theme, by_itself=True)


def _chart(theme: Theme, *, by_itself: bool) -> alt.LayerChart:
    """The view without its data. Later layers lie on top of earlier ones."""
    chart = alt.layer(
        *ground(by_itself),
        highlights(theme),
        all_lines(theme),
        active_token(theme),
        tokens(),
        ramp(theme),
        *switches(theme),
        lettering([caption(), said(theme), of_others(), *titles(), *legend_words()], theme.faint),
    ).add_params(
        *setup_signals(**BEFORE_DATA),
        height_in_window(),
        *which_token(by_itself),
        *which_heads(by_itself),
        *places(),
    )
    return framed(chart, theme)
