"""The active query's numbers: fan of weights, scores and softmax, made anew when the pointer moves."""

from __future__ import annotations

from typing import Any

from attnlit.charts.later import alt
from attnlit.charts.neuron.data import SCORE_UNIT, WEIGHT_UNIT
from attnlit.charts.neuron.layout import TOP, row_middle, row_top
from attnlit.charts.theme import MONOSPACE_DIGITS, Theme
from attnlit.charts.vega import computed, table


def active_row(theme: Theme) -> alt.LayerChart:
    """All that hangs on the active query's weights."""
    decoded = (
        table("rows")
        .transform_filter("datum.query === active")
        .transform_calculate(
            score="split(datum.scores, ',')", weight="split(datum.weights, ',')", key="sequence(keys)"
        )
        .transform_flatten(["score", "weight", "key"])
        .transform_calculate(
            hidden="datum.score === ''",
            score=f"datum.score * {SCORE_UNIT}",
            weight=f"datum.weight * {WEIGHT_UNIT}",
            middle=row_middle("datum.key"),
        )
    )
    marks = (_cover(theme), _fan(theme), *_bars(theme), *_numbers(theme))
    together: Any = alt.layer(*marks, data=decoded.data)
    together.transform = decoded.transform
    return together


def _cover(theme: Theme) -> alt.Chart:
    """A key that the mask forbids is covered and says "–": a zero would look like a number."""
    size: dict[str, Any] = {"height": alt.ExprRef("row_height"), "baseline": "middle"}
    mark = (
        alt.Chart()
        .transform_filter("datum.hidden")
        .mark_rect(fill=theme.background, fillOpacity=0.72, **size)
    )
    return mark.encode(x=computed("keys_begin"), x2=computed("width"), y=_middle())


def _fan(theme: Theme) -> alt.Chart:
    """A line from the query to each key, as opaque as its weight."""
    return (
        alt.Chart()
        .transform_filter("!datum.hidden && wide")
        .mark_rule(strokeWidth=1.5, stroke=theme.accent)
        .encode(
            x=computed("k_x - 4"),
            x2=computed("fan_x"),
            y=_middle(),
            y2=computed(row_middle("active")),
            strokeOpacity=alt.StrokeOpacity("weight:Q", scale=None),
        )
    )


def _bars(theme: Theme) -> list[alt.Chart]:
    """How far each score lies below the largest, and the weight that the softmax makes of it."""
    available = alt.Chart().transform_filter("!datum.hidden")
    bar: dict[str, Any] = {
        "baseline": "middle",
        "height": alt.ExprRef("max(5, row_height - 10)"),
        "cornerRadius": 1,
    }
    below = "min(datum.largest - datum.score, reach) / reach"
    return [
        available.mark_rect(fill=theme.ink, fillOpacity=0.45, **bar).encode(
            x=computed("zero_x"), x2=computed(f"zero_x - {below} * score_width"), y=_middle()
        ),
        available.mark_rect(fill=theme.accent, **bar).encode(
            x=computed("weight_x"), x2=computed("weight_x + datum.weight * weight_width"), y=_middle()
        ),
    ]


def _numbers(theme: Theme) -> list[alt.Chart]:
    number: dict[str, Any] = {
        "align": "right",
        "baseline": "middle",
        "font": MONOSPACE_DIGITS,
        "fontSize": alt.ExprRef("max(9, font_size - 2)"),
    }
    ink = computed(f"datum.hidden ? '{theme.faint}' : '{theme.text}'")
    return [
        alt.Chart()
        .mark_text(**number)
        .encode(x=computed(end), y=_middle(), color=ink, text=computed(f"datum.hidden ? '–' : {text}"))
        for end, text in (
            ("score_end", "format(datum.score, '.2f')"),
            ("weight_end", "format(datum.weight, '.3f')"),
        )
    ]


def zero_lines(theme: Theme) -> alt.Chart:
    """Where the bars of the scores and of the weights begin."""
    return (
        table("captions")
        .transform_filter("datum.line === 1 && (datum.column === 'score' || datum.column === 'weight')")
        .mark_rule(stroke=theme.rule, strokeWidth=1)
        .encode(
            x=computed("datum.column === 'score' ? zero_x : weight_x"),
            y=alt.YValue(TOP),
            y2=computed(row_top("keys")),
        )
    )


def _middle() -> alt.Y:
    """The middle of a row."""
    return alt.Y("middle:Q", scale=None, axis=None)
