"""The head view in rows: queries above, keys below, for short texts and for scripts without spaces.

A row runs as its text does, from right to left for Arabic and Hebrew. In a narrow window its tokens
come nearer to each other, and are cut in the end; in a wide one they stand apart.
"""

from __future__ import annotations

from typing import Any

from attnlit.charts.head.layout import SWITCHES_LEFT, height_in_window
from attnlit.charts.head.marks import (
    FAINTEST_LINE,
    FAINTEST_NUMBER,
    HEAD_COLOUR,
    HEAD_DASH,
    behind,
    ground,
    lines_at_rest,
    ramp,
    weights_of_active,
    which_token,
)
from attnlit.charts.head.rows_layout import EDGE, LINES, NUMBERS, ROW
from attnlit.charts.head.spec import BEFORE_DATA
from attnlit.charts.head.switches import caption, switches, which_heads
from attnlit.charts.head.words import legend_words, of_others, said
from attnlit.charts.later import alt
from attnlit.charts.lettering import Word, lettering
from attnlit.charts.opacity import FULL
from attnlit.charts.picture import frozen
from attnlit.charts.theme import MONOSPACE_DIGITS, Theme
from attnlit.charts.vega import computed, framed, setup_signals, signal, table

_LISTS = ("query_places", "query_rooms", "key_places", "key_rooms")
_BEFORE = {**BEFORE_DATA, "total": 1, "least_room": 1, "leftwards": 0, **dict.fromkeys(_LISTS, "")}
_WIDEST = 1.7  # where there is room tokens stand further apart, up to so many times as far
_CROWDED_BELOW = 12  # pixels a token: below that only larger weights have their number
_FAINTEST_CROWDED = 50  # thousandths
_FLAT_FROM = 36  # pixels a token: from there on its number is written flat, below upright


@frozen
def theme_spec(theme: Theme) -> alt.LayerChart:
    """For the app; see `attnlit.charts.head.spec`."""
    return _chart(theme, by_itself=False)


@frozen
def spec_by_itself(theme: Theme) -> alt.LayerChart:
    """For a notebook and a saved page."""
    return _chart(theme, by_itself=True)


def _chart(theme: Theme, *, by_itself: bool) -> alt.LayerChart:
    chart = alt.layer(
        *ground(by_itself, _areas()),
        _highlights(theme),
        lines_at_rest(theme).encode(
            x=computed(f"datum.strand + {_along('query_places_list[datum.query]')}"),
            x2=computed(f"datum.strand + {_along('key_places_list[datum.key]')}"),
            y=computed("lines_top"),
            y2=computed("lines_end"),
        ),
        _active(theme),
        _tokens(),
        ramp(theme),
        *switches(theme),
        lettering([caption(), said(theme), of_others(), *_titles(), *legend_words()], theme.faint),
    ).add_params(
        *setup_signals(**_BEFORE),
        height_in_window(),
        *which_token(by_itself),
        *which_heads(by_itself),
        *_places(),
    )
    return framed(chart, theme)


def _along(place: str) -> str:
    """Where a place along a row, a text of a number, is in this window."""
    return f"(origin + scale * toNumber({place}))"


def _places() -> list[alt.Parameter]:
    """Places that hang on Vega's `width`."""
    return [
        *(signal(f"{name}_list", f"split({name}, ',')") for name in _LISTS),
        signal("scale", f"min({_WIDEST}, (width - {2 * EDGE}) / total)"),
        signal("origin", f"leftwards ? width - {EDGE} - total * scale : {EDGE}"),
        signal("queries_y", f"top + {NUMBERS + ROW / 2}"),
        signal("lines_top", f"top + {NUMBERS + ROW}"),
        signal("lines_end", f"lines_top + {LINES}"),
        signal("keys_y", f"lines_end + {ROW / 2}"),
        signal("apart", "min(1.1, least_room * scale * 0.5 / shown)"),
        signal(
            "first_line", "-(shown - 1) / 2 * apart"
        ),  # of the first head that is on, beside a token's middle
        signal("flat", f"least_room * scale >= {_FLAT_FROM}"),
        signal(
            "faintest_number",
            f"least_room * scale < {_CROWDED_BELOW} ? {_FAINTEST_CROWDED} : {FAINTEST_NUMBER}",
        ),
        signal("active_places", "from_left ? query_places_list : key_places_list"),
        signal("other_places", "from_left ? key_places_list : query_places_list"),
        signal("active_x", f"first_line + {_along('active_places[active_place]')}"),
        signal("active_y", "from_left ? lines_top : lines_end"),
        signal("other_y", "from_left ? lines_end : lines_top"),
        signal("numbers_y", f"from_left ? keys_y + {ROW / 2 + 2} : queries_y - {ROW / 2 + 2}"),
        signal("lines_width", "width"),  # what the legend and the switches ask for
        signal("ramp_width", "clamp(width * 0.15, 24, 120)"),
        signal("ramp_left", "leftwards ? 70 : width - ramp_width - 40"),
        signal("switches_a_row", "ceil(switches / switch_rows)"),
        signal("switch_width", f"clamp(floor((width - {SWITCHES_LEFT}) / switches_a_row), 12, 30)"),
        signal("line_width", "shown > 2 ? 1 : 1.75"),
        signal("active_width", "shown > 2 ? 1.5 : 2"),
    ]


def _areas() -> alt.Chart:
    """What feels the pointer: a token's place in its row, with the room for its number."""
    return (
        table("tokens", name="token")
        .mark_rect(
            opacity=0, cursor="pointer", baseline="middle", height=ROW + 4,
            width=alt.ExprRef("datum.room * scale"),
        )
        .encode(
            x=computed("origin + datum.along * scale"),
            y=computed("datum.side === 'query' ? queries_y : keys_y"),
        )
    )  # fmt: skip


def _highlights(theme: Theme) -> alt.Chart:
    """A ground behind the token under the pointer, and on it one behind the pinned token."""
    on_top = "datum.place < queries"
    place = f"({on_top} ? datum.place : datum.place - queries)"

    def listed(what: str) -> str:
        return f"toNumber(({on_top} ? query_{what}_list : key_{what}_list)[{place}])"

    width = alt.ExprRef(f"{listed('rooms')} * scale")
    return (
        behind(theme)
        .mark_rect(cornerRadius=4, baseline="middle", height=ROW, width=width)
        .encode(
            x=computed(f"origin + {listed('places')} * scale"),
            y=computed(f"{on_top} ? queries_y : keys_y"),
            fill=alt.Fill("colour:N", scale=None),
        )
    )


def _active(theme: Theme) -> alt.LayerChart:
    """All lines of the active token, and the numbers at their other ends."""
    weights = weights_of_active()
    lines = (
        alt.Chart()
        .transform_filter(f"datum.weight >= {FAINTEST_LINE}")
        .mark_rule(strokeWidth=alt.ExprRef("active_width"), strokeDash=alt.ExprRef(HEAD_DASH))
        .encode(
            x=computed("active_x + datum.rank * apart"),
            x2=computed(f"first_line + datum.rank * apart + {_along('other_places[datum.other]')}"),
            y=computed("active_y"),
            y2=computed("other_y"),
            strokeOpacity=computed(f"datum.weight / {FULL}"),
            stroke=computed(HEAD_COLOUR),
        )
    )
    style: dict[str, Any] = {
        "angle": alt.ExprRef("flat ? 0 : 270"),
        "align": alt.ExprRef("flat ? 'center' : from_left ? 'right' : 'left'"),
        "baseline": alt.ExprRef("flat ? (from_left ? 'top' : 'bottom') : 'middle'"),
        "font": MONOSPACE_DIGITS,
        "color": theme.text,
        "fontSize": 11,
    }
    numbers = (
        alt.Chart()
        .transform_aggregate(total_weight="sum(weight)", groupby=["other"])
        .transform_filter("datum.total_weight >= faintest_number * shown")
        .mark_text(**style)
        .encode(
            x=computed(_along("other_places[datum.other]")),
            y=computed("numbers_y"),
            text=computed(f"format(datum.total_weight * full / ({FULL} * shown), full < 1 ? '.1%' : '.0%')"),
        )
    )
    together = alt.layer(lines, numbers, data=weights.data)
    return together.properties(transform=weights.transform).resolve_scale(x="independent", y="independent")


def _tokens() -> alt.Chart:
    return (
        table("tokens")
        .mark_text(
            align="center", baseline="middle", limit=alt.ExprRef("datum.room * scale"),
            fontSize=alt.ExprRef("max(9, font_size * min(1, scale * 1.15))"),
        )
        .encode(
            x=computed("origin + datum.along * scale"),
            y=computed("datum.side === 'query' ? queries_y : keys_y"),
            text="text:N",
            color=alt.Color("ink:N", scale=None),
        )
    )  # fmt: skip


def _titles() -> list[Word]:
    """What each row is, at the side where its text begins."""
    x, align = f"leftwards ? width - {EDGE} : {EDGE}", "leftwards ? 'right' : 'left'"
    return [
        Word("'attends from'", x, "titles", align, size=12, weight=600),
        Word("'attends to'", x, "wide_height - 10", align, size=12, weight=600),
    ]
