"""The few Vega-Lite helpers that all charts share: expressions, signals, events, and the frame.

The views place their marks in absolute pixels, without scales: Vega then does the least work for each mark.
Where something depends on the window's width it is a *signal*: a named expression in Vega's language, which
the browser evaluates again when the window changes, so that stretching needs no server.

What differs between two texts travels in tables, never in the specification. The one row of the table "setup"
holds what the picture has once: its sizes, its limits, its pinned token.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from attnlit.charts.later import alt
from attnlit.charts.theme import FONT, Theme

# Vega's canvas fires pointerout for every mark that the pointer leaves, with the browser's own event inside.
# Only when the pointer leaves the whole canvas is that inner event a pointerout too. Without the filter a
# hover would be cleared and set again between any two neighbouring marks, and the picture would flicker.
POINTER_LEFT_THE_CHART = {"source": "view", "type": "pointerout", "filter": ["event.type == 'pointerout'"]}
ESCAPE_KEY = {"source": "window", "type": "keydown", "filter": ["event.key === 'Escape'"]}
ON_SCREEN = "on_screen"  # the signal that is false in a saved figure, where nobody can click


def table(rows: str, /, **options: Any) -> alt.Chart:
    """The start of a mark that is drawn once for each row of a table."""
    return alt.Chart(alt.NamedData(rows), **options)


def once() -> alt.Chart:
    """The start of a mark that is drawn once."""
    return table("setup")


def computed(expression: str) -> Any:
    """A channel's value as an expression: of signals, of Vega's `width` and of the mark's own `datum`.

    The same as `alt.value(alt.ExprRef(...))`, for which Altair searches its whole schema each time.
    """
    from altair.vegalite.v6.schema.core import ValueDefnumberwidthheightExprRef

    return ValueDefnumberwidthheightExprRef(alt.ExprRef(expression))


def signal(name: str, expression: str) -> alt.Parameter:
    """A named expression; the browser keeps it up to date."""
    return alt.param(name, expr=expression)


def setup_signals(**before_data: Any) -> list[alt.Parameter]:
    """A signal for each column of the table "setup", with its value for the moment before data arrive."""
    row = signal("setup_row", f"data('setup')[0] || {json.dumps(before_data)}")
    return [
        row,
        *(signal(name, f"setup_row.{name}") for name in before_data),
        alt.param(ON_SCREEN, value=True),
    ]


def event_on(mark: str, event: str) -> dict[str, str]:
    """An event on the marks of the layer called `mark`."""
    return {"source": "view", "type": event, "markname": f"{mark}_marks"}


def click_or_tap(*marks: str) -> Any:
    """A click or a tap on the marks of the layers called so, for a selection's `on`.

    Vega looks for the mark under the pointer when the pointer moves, which a finger does not do before it
    taps: such a click hits nothing. The end of a touch does know its mark; a touch that scrolled the page can
    no longer be cancelled.
    """
    clicks = [event_on(mark, "click") for mark in marks]
    taps = [{**event_on(mark, "touchend"), "filter": ["event.cancelable"]} for mark in marks]
    return {"merge": [*clicks, *taps]}


def without_shift(events: Any) -> Any:
    """The same events while no Shift key is held down: with it a click means something else."""
    return {
        "merge": [
            {**event, "filter": [*event.get("filter", []), "!event.shiftKey"]} for event in events["merge"]
        ]
    }


def shift_click(mark: str) -> dict[str, Any]:
    """A click with the Shift key on the marks of a layer."""
    return {**event_on(mark, "click"), "filter": ["event.shiftKey"]}


def double_click_or_tap(mark: str) -> Any:
    """A double click, or the second of two quick taps, on the marks of a layer.

    A touch counts while the one before it is more than a moment and less than a third of a second old: the
    moment, as the same touch would else be its own predecessor.
    """
    end = event_on(mark, "touchend")
    tap = {**end, "between": [{**end, "debounce": 10}, {**end, "debounce": 330}]}
    return {"merge": [event_on(mark, "dblclick"), tap]}


def hover_selection(
    name: str,
    marks: str | Sequence[str],
    field: str | Sequence[str],
    also_cleared_by: Sequence[dict[str, Any]] = (),
) -> alt.Parameter:
    """What the pointer is on: set by the marks of these layers, cleared as the pointer leaves the chart."""
    fields = [field] if isinstance(field, str) else [*field]
    over = [f"@{mark}_marks:pointerover" for mark in ([marks] if isinstance(marks, str) else marks)]
    return alt.selection_point(
        name, fields=fields, on=", ".join(over), toggle=False, empty=False,
        clear={"merge": [POINTER_LEFT_THE_CHART, *also_cleared_by]},
    )  # fmt: skip


def click_selection(name: str, *marks: str, fields: Sequence[str], **options: Any) -> alt.Parameter:
    """What was clicked: empty before the first click, and again when the pointer has left the chart.

    So a click tells the server something, and what is shown follows the server; a second click on the same
    mark counts, too. options: those of `alt.selection_point` that shall be otherwise.
    """
    usual: dict[str, Any] = {
        "on": click_or_tap(*marks),
        "toggle": False,
        "empty": False,
        "clear": POINTER_LEFT_THE_CHART,
    }
    return alt.selection_point(name, fields=[*fields], **(usual | options))


def floor(**fields: str) -> alt.Chart:
    """An invisible ground under everything, called "ground", so that pointing at nothing can be noticed.

    fields: expressions of what a click on it says in a selection.
    """
    touched = alt.selection_point("floor_touched", on="@ground_marks:click", clear=False, empty=False)
    start = table("setup", name="ground")
    if fields:
        start = start.transform_calculate(**fields)
    return (
        start.mark_rect(opacity=0)
        .encode(x=alt.value(0), x2=computed("width"), y=alt.value(0), y2=computed("height"))
        .add_params(touched)  # a mark without a selection does not feel the pointer
    )


def framed(chart: alt.LayerChart, theme: Theme, width: int = 760, height: int = 400) -> alt.LayerChart:
    """The finishing touches that all views share: size, font, background, and nothing that costs time a mark.

    The signal `height` of a view wins over the height given here. Streamlit's themes switch a tooltip and a
    screen-reader description on for every mark, which is an object for each of thousands of lines; here both
    are off, and single marks switch their own tooltip on.
    """
    # Set in place: each method of a chart copies the whole chart first, a second of work for a large one.
    chart.resolve = alt.Resolve(scale=alt.ScaleResolveMap(x="independent", y="independent"))
    chart.width, chart.height = width, height
    chart.padding = {"left": 0, "right": 0, "top": 0, "bottom": 0}
    # No layout: every mark has its place, and Vega would move the whole chart for one text beyond the edge.
    chart.autosize = "none"
    chart.usermeta = {"embedOptions": {"renderer": "canvas"}}
    chart.config = quiet(theme)
    return chart


def quiet(theme: Theme, **more: Any) -> alt.Config:
    """Type and ground of every chart, and no tooltip or description that a mark did not ask for."""
    return alt.Config(
        aria=False,
        font=FONT,
        background=theme.background,
        view=alt.ViewConfig(stroke=None),
        mark=alt.MarkConfig(aria=False, tooltip=None),
        **more,
    )
