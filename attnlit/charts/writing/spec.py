"""The sum's specification: names at the left, bars that go on where the last one ended, numbers beside them.

One chart a theme; all that changes is in the tables of `attnlit.charts.writing.data`.
"""

from __future__ import annotations

from typing import Any

from attnlit.charts.later import alt
from attnlit.charts.picture import frozen
from attnlit.charts.theme import Theme
from attnlit.charts.vega import (
    click_selection,
    computed,
    floor,
    framed,
    hover_selection,
    once,
    setup_signals,
    signal,
    table,
)
from attnlit.charts.writing.data import NO_HEAD, ROW

NAMES = 150  # pixels for the names
NUMBER = 50  # pixels for a number beside a bar
BAR = 13  # pixels
BEFORE_DATA = {"height": 300, "bars": 1, "low": 0, "high": 1}
_MIDDLE = f"(datum.place + 0.5) * {ROW}"
_BEGIN, _END = "zero + datum.begin * a_unit", "zero + datum.end * a_unit"


@frozen
def theme_spec(theme: Theme) -> alt.LayerChart:
    """The bars without their data. Later layers lie on top of earlier ones."""
    chart = alt.layer(
        floor(),
        *_grounds(theme),
        *_bars(theme),
        *_words(theme),
        _pointer_areas(),
    ).add_params(
        *setup_signals(**BEFORE_DATA),
        # A number stands right of its bar; names take less of a narrow window.
        signal("names", f"min({NAMES}, width * 0.36)"),
        signal("a_unit", f"max(10, width - names - {NUMBER}) / (high - low || 1)"),
        signal("zero", "names - low * a_unit"),
        signal("active", "hover.place ? hover.place[0] : -1"),
    )  # fmt: skip
    return framed(chart, theme)


def _grounds(theme: Theme) -> list[alt.Chart]:
    """Behind the chosen head's row, and the one pointed at."""

    def behind(where: str, colour: str) -> alt.Chart:
        return (
            table("bars")
            .transform_filter(where)
            .mark_rect(cornerRadius=4, fill=colour)
            .encode(
                x=alt.value(0),
                x2=computed("width"),
                y=computed(f"datum.place * {ROW}"),
                y2=computed(f"(datum.place + 1) * {ROW}"),
            )
        )

    return [behind("datum.held", theme.pinned), behind("datum.place === active", theme.hover)]


def _bars(theme: Theme) -> list[alt.Chart]:
    """The zero line, the bars, and from each bar a hairline to where the next one begins."""
    bars = table("bars")
    zero = once().mark_rule(color=theme.rule)
    links = bars.transform_filter("!datum.last").mark_rule(color=theme.faint, strokeOpacity=0.6)
    bar = bars.mark_rect(cornerRadius=1, height=BAR, baseline="middle")
    return [
        zero.encode(x=computed("zero"), y=alt.value(0), y2=computed(f"(bars + 1) * {ROW}")),
        links.encode(
            x=computed(_END),
            y=computed(f"{_MIDDLE} + {BAR / 2}"),
            y2=computed(f"{_MIDDLE} + {ROW - BAR / 2}"),
        ),
        bar.encode(
            x=computed(f"min({_BEGIN}, {_END})"),
            x2=computed(f"max({_BEGIN}, {_END}, min({_BEGIN}, {_END}) + 1)"),
            y=computed(_MIDDLE),
            fill=alt.Fill("colour:N", scale=None),
        ),
    ]


def _words(theme: Theme) -> list[alt.Chart]:
    bars = table("bars")
    style: dict[str, Any] = {
        "baseline": "middle",
        "fontSize": 12,
        "color": theme.text,
        "fontWeight": alt.ExprRef("datum.last || datum.held ? 700 : 400"),
    }
    names = bars.mark_text(align="right", limit=alt.ExprRef("names - 10"), **style)
    numbers = bars.mark_text(align="left", dx=5, **style)
    return [
        names.encode(x=computed("names - 8"), y=computed(_MIDDLE), text="name:N"),
        numbers.encode(x=computed(f"max({_BEGIN}, {_END})"), y=computed(_MIDDLE), text="text:N"),
    ]


def _pointer_areas() -> alt.Chart:
    """Invisible rows over the heads: a click chooses one."""
    hover = hover_selection("hover", "row", "place")
    chosen = click_selection("cell", "row", fields=["layer", "head"])
    return (
        table("bars", name="row")
        .transform_filter(f"datum.head > {NO_HEAD}")
        .mark_rect(opacity=0, cursor="pointer")
        .encode(
            x=alt.value(0),
            x2=computed("width"),
            y=computed(f"datum.place * {ROW}"),
            y2=computed(f"(datum.place + 1) * {ROW}"),
        )
        .add_params(hover, chosen)
    )
