"""Small Altair helpers that every view shares.

The views place their marks in absolute pixels, without scales: Vega then does the least work for each mark.
Where something depends on the window's width it is a *signal*: a named expression in Vega's language, which
the browser evaluates again when the window changes, so that stretching needs no server.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import pyarrow as pa
from altair.vegalite.v6.schema.core import ValueDefnumberwidthheightExprRef

from attnlit.charts.theme import FONT, Theme

# Vega's canvas fires pointerout for every mark that the pointer leaves, with the browser's own event inside.
# Only when the pointer leaves the whole canvas is that inner event a pointerout too. Without the filter a
# hover would be cleared and set again between any two neighbouring marks, and the picture would flicker.
POINTER_LEFT_THE_CHART = {"source": "view", "type": "pointerout", "filter": ["event.type == 'pointerout'"]}
ESCAPE_KEY = {"source": "window", "type": "keydown", "filter": ["event.key === 'Escape'"]}

MONOSPACE_DIGITS = "Source Code Pro, ui-monospace, SFMono-Regular, Menlo, monospace"
CHARACTER_WIDTH = 0.56  # mean width of a character of FONT, as a share of the font size
TOKEN_WIDTH_STEP = (
    24  # pixels: token columns are rounded up to this, so that a new text rarely needs a new spec
)


def rows_table(**columns: Any) -> pa.Table:
    """A small Arrow table from named columns (numpy arrays, lists or Arrow arrays of one length)."""
    return pa.table(
        {
            name: column if isinstance(column, pa.Array) else pa.array(column)
            for name, column in columns.items()
        }
    )


def computed(expression: str) -> Any:
    """A channel's value as an expression: of signals, of Vega's ``width`` and of the mark's own ``datum``.

    The same as ``alt.value(alt.ExprRef(...))``, for which Altair searches its whole schema: 10 ms each.
    """
    return ValueDefnumberwidthheightExprRef(alt.ExprRef(expression))


def signal(name: str, expression: str) -> alt.Parameter:
    """A named expression; the browser keeps it up to date."""
    return alt.param(name, expr=expression)


def event_on(mark: str, event: str) -> dict[str, str]:
    """An event on the marks of the layer called ``mark``."""
    return {"source": "view", "type": event, "markname": f"{mark}_marks"}


def click_or_tap(mark: str) -> Any:
    """A click or a tap on the marks of the layer called ``mark``, for a selection's ``on``.

    Vega looks for the mark under the pointer when the pointer moves, which a finger does not do before it
    taps: such a click hits nothing. The end of a touch does know its mark; a touch that scrolled the page can
    no longer be cancelled.
    """
    tap = {**event_on(mark, "touchend"), "filter": ["event.cancelable"]}
    return {"merge": [event_on(mark, "click"), tap]}


def double_tap(mark: str) -> dict[str, Any]:
    """The second of two quick taps on the marks of a layer.

    A touch counts while the one before it is more than a moment and less than a third of a second old: the
    moment, as the same touch would else be its own predecessor.
    """
    end = event_on(mark, "touchend")
    return {**end, "between": [{**end, "debounce": 10}, {**end, "debounce": 330}]}


def hover_selection(
    name: str, mark: str, field: str | Sequence[str], also_cleared_by: Sequence[dict[str, Any]] = ()
) -> alt.Parameter:
    """What the pointer is on: set by the marks of layer ``mark``, cleared as the pointer leaves the chart."""
    fields = [field] if isinstance(field, str) else [*field]
    return alt.selection_point(
        name, fields=fields, on=f"@{mark}_marks:pointerover", toggle=False, empty=False,
        clear={"merge": [POINTER_LEFT_THE_CHART, *also_cleared_by]},
    )  # fmt: skip


def token_row_height(rows: int) -> int:
    """Pixels for one token's row: generous for a sentence, tight for a page."""
    for most, height in ((24, 24), (40, 20), (72, 16), (160, 13)):
        if rows <= most:
            return height
    return 10


def token_font_size(row_height: int) -> int:
    """Font size that a row of this height holds."""
    return {24: 14, 20: 13, 16: 12, 13: 11}.get(row_height, 9)


def token_column_width(texts: Sequence[str], font_size: int, widest: int = 144) -> int:
    """Pixels for a column of tokens, in steps, so that most texts share one spec.

    A longer token is cut with an ellipsis.
    """
    longest = max((len(text) for text in texts), default=0)
    needed = longest * font_size * CHARACTER_WIDTH + 14
    steps = -(-int(needed) // TOKEN_WIDTH_STEP)
    return min(widest, max(3, steps) * TOKEN_WIDTH_STEP)


def framed(
    chart: alt.LayerChart, width: int, height: int, theme: Theme, renderer: str = "canvas"
) -> alt.LayerChart:
    """The finishing touches that all views share: size, font, background, and nothing that costs time a mark.

    Streamlit's themes switch a tooltip and a screen-reader description on for every mark, which is an object
    for each of thousands of lines; here both are off, and single marks switch their own tooltip on.
    """
    # Set in place: each method of a chart copies the whole chart first, a second of work for a large one.
    chart.resolve = alt.Resolve(scale=alt.ScaleResolveMap(x="independent", y="independent"))
    chart.width, chart.height, chart.padding = width, height, 0
    # No layout: every mark has its place, and Vega would move the whole chart for one text beyond the edge.
    chart.autosize = alt.AutoSizeParams(type="none", contains="padding")
    chart.usermeta = {"embedOptions": {"renderer": renderer}}
    chart.config = alt.Config(
        aria=False,
        font=FONT,
        background=theme.background,
        view=alt.ViewConfig(stroke=None),
        mark=alt.MarkConfig(tooltip=None),
    )
    return chart
