"""The words above the columns of the layered picture."""

from __future__ import annotations

from typing import Any

from attnlit.charts.flow.data import SIDES
from attnlit.charts.later import alt
from attnlit.charts.theme import Theme
from attnlit.charts.vega import computed, once


def titles(theme: Theme) -> list[alt.Chart]:
    """What each column is, in two lines; on a phone in as few words as possible."""
    bold = {"fontSize": 12, "fontWeight": 600, "color": theme.text, "baseline": "middle"}
    small = {"fontSize": 11, "color": theme.faint, "baseline": "middle"}

    def text(words: str, x: str, y: int, style: dict[str, Any], align: str = "left") -> alt.Chart:
        return (
            once()
            .mark_text(text=alt.ExprRef(words), align=align, **style)
            .encode(x=computed(x), y=alt.value(y))
        )

    return [
        text("'token'", "label_width - 4", 10, bold, "right"),
        text("'share'", "shares_left", 10, bold),
        text("narrow ? '' : share_width > 130 ? '| if even' : '| even'", "shares_left", 28, small),
        text("graph_width > 160 ? 'This model' : 'Model'", "own_left", 10, bold),
        text("graph_width > 160 ? 'If attention were even' : 'Even'", "even_left", 10, bold),
        text("'× even'", "width - 4", 10, bold, "right"),
        text("narrow ? '' : 'less'", "no_ratio - 8", 28, {**small, "color": theme.negative}, "right"),
        text("narrow ? '' : 'more'", "no_ratio + 8", 28, {**small, "color": theme.positive}),
    ]  # fmt: skip


def layer_numbers(theme: Theme) -> list[alt.Chart]:
    """Above each column of dots, the layer after which it stands; above the first, that it is the input."""
    style = {"fontSize": 11, "color": theme.faint, "baseline": "middle"}
    levels = (
        once()
        .transform_calculate(levels="sequence(layers)")
        .transform_flatten(["levels"], ["level"])
        .transform_filter("(layers - 1 - datum.level) % label_step === 0")
    )
    marks = []
    for side in SIDES:
        first = once().mark_text(text=alt.ExprRef("step > 34 ? 'input' : 'in'"), align="center", **style)
        number = levels.mark_text(
            align="center",
            text=alt.ExprRef(
                "(step > 40 && datum.level === 0 ? 'layer ' : '') + split(layer_names, ',')[datum.level]"
            ),
            **style,
        )
        marks += [
            first.encode(x=computed(f"{side}_left + (step > 34 ? 4 : 0)"), y=alt.value(28)),
            number.encode(x=computed(f"{side}_left + (datum.level + 1) * step"), y=alt.value(28)),
        ]
    return marks
