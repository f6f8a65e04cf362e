"""The heat map's specification: which marks there are, and what each depends on."""

from __future__ import annotations

from typing import Any

from attnlit.charts.heatmap.data import RAMP_STEPS
from attnlit.charts.heatmap.layout import LABEL_SIZE, places
from attnlit.charts.later import alt
from attnlit.charts.opacity import FULL
from attnlit.charts.picture import frozen
from attnlit.charts.theme import Theme
from attnlit.charts.vega import (
    computed,
    event_on,
    floor,
    framed,
    hover_selection,
    once,
    setup_signals,
    signal,
    table,
)

BEFORE_DATA = {
    "queries": 1,
    "keys": 1,
    "label_room": 72,
    "matrix_height": 1,
    "top": 1,
    "height": 400,
    "full": 1,
    "signed": False,
}
NOWHERE = -9999  # no row or column: far from any
RAMP_WIDTH = 90  # pixels
_FROM_CORNER: dict[str, Any] = {"align": "left", "baseline": "top"}


@frozen
def theme_spec(theme: Theme) -> alt.LayerChart:
    """The view without its data. Later layers lie on top of earlier ones."""
    chart = alt.layer(
        floor(),
        *_matrix(theme),
        *_labels(theme),
        *_titles(theme),
        *_pointer_areas(),
        _frame(theme),
        *_legend(theme),
    ).add_params(*setup_signals(**BEFORE_DATA), *places(), *_pointed_at())
    return framed(chart, theme)


def _pointed_at() -> list[alt.Parameter]:
    return [
        signal("active_row", f"hover_row.place ? hover_row.place[0] : {NOWHERE}"),
        signal("active_column", f"active_row >= 0 && hover_column.place ? hover_column.place[0] : {NOWHERE}"),
        signal("active_query", "pluck(data('rows'), 'text')[active_row]"),
        signal("active_weights", "split(pluck(data('rows'), 'weights')[active_row] || '', ',')"),
    ]


def _matrix(theme: Theme) -> list[alt.Chart]:
    size = {"width": alt.ExprRef("matrix_width"), "height": alt.ExprRef("matrix_height")}
    image = table("image").mark_image(aspect=False, smooth=False, **_FROM_CORNER, **size)
    frame = once().mark_rect(fillOpacity=0, stroke=theme.rule, **_FROM_CORNER, **size)
    corner = {"x": computed("left"), "y": computed("top")}
    return [image.encode(**corner, url="url:N"), frame.encode(**corner)]


def _labels(theme: Theme) -> list[alt.Chart]:
    """The tokens, thinned out where cells are small; the ones pointed at always, in bold."""

    def side(name: str, active: str, step: str, cell: str, room: int, **where: Any) -> alt.Chart:
        near = f"abs(datum.place - {active}) * {cell} < {room}"
        shown = f"datum.place === {active} || (datum.place % {step} === 0 && !({near}))"
        return (
            table(name)
            .transform_filter(shown)
            .mark_text(
                baseline="middle",
                fontSize=LABEL_SIZE,
                fontWeight=alt.ExprRef(f"datum.place === {active} ? 700 : 400"),
                limit=alt.ExprRef("label_width - 10"),
                color=theme.text,
                **where,
            )
        )

    rows = side("rows", "active_row", "row_step", "cell_height", 14, align="right")
    columns = side("columns", "active_column", "column_step", "cell_width", 17, align="left", angle=315)
    return [
        rows.encode(
            x=computed("left - 7"), y=computed("top + (datum.place + 0.5) * cell_height"), text="text:N"
        ),
        columns.encode(
            x=computed("left + (datum.place + 0.5) * cell_width"), y=computed("top - 8"), text="text:N"
        ),
    ]


def _titles(theme: Theme) -> list[alt.Chart]:
    style: dict[str, Any] = {"fontSize": 12, "fontWeight": 600, "color": theme.faint, "baseline": "middle"}
    return [
        once()
        .mark_text(text="attends from", align="right", **style)
        .encode(x=computed("left - 7"), y=computed("top - 10")),
        once().mark_text(text="attends to", align="left", **style).encode(x=computed("left"), y=alt.value(9)),
    ]


def _pointer_areas() -> list[alt.Chart]:
    """Invisible rows; and in the row pointed at invisible cells with their numbers."""
    leaving = [event_on("ground", "pointerover")]
    over_row = hover_selection("hover_row", "row", "place", also_cleared_by=leaving)
    over_cell = hover_selection("hover_column", "cell", "place", also_cleared_by=leaving)
    size = {"width": alt.ExprRef("matrix_width"), "height": alt.ExprRef("cell_height")}
    rows = (
        table("rows", name="row")
        .mark_rect(opacity=0, **_FROM_CORNER, **size)
        .encode(x=computed("left"), y=computed("top + datum.place * cell_height"))
        .add_params(over_row)
    )
    thousandths = "active_weights[datum.place]"
    number = (
        f"{thousandths} === '-' ? 'not available'"
        f" : {thousandths} === '' ? 'below ' + format(full / {2 * FULL}, '.2%')"
        f" : format({thousandths} * full / {FULL}, signed ? '+.1%' : '.1%')"
    )
    where = "'attends from': active_query, 'attends to': datum.text"
    cells = (
        table("columns", name="cell")
        .transform_filter("active_row >= 0")
        .mark_rect(opacity=0, **_FROM_CORNER, **_cell())
        .encode(
            x=computed("left + datum.place * cell_width"),
            y=computed("top + active_row * cell_height"),
            tooltip=computed(
                f"signed ? {{{where}, 'difference': {number}}} : {{{where}, 'weight': {number}}}"
            ),
        )
        .add_params(over_cell)
    )
    return [rows, cells]


def _frame(theme: Theme) -> alt.Chart:
    """Around the cell pointed at."""
    return (
        once()
        .transform_filter("active_row >= 0 && active_column >= 0")
        .mark_rect(fillOpacity=0, stroke=theme.text, strokeWidth=1.5, **_FROM_CORNER, **_cell())
        .encode(x=computed("left + active_column * cell_width"), y=computed("top + active_row * cell_height"))
    )


def _legend(theme: Theme) -> list[alt.Chart]:
    """Opacity is the number: a ramp below the matrix with its two ends, and the grey of what has none."""
    y = computed("top + matrix_height + 20")
    style: dict[str, Any] = {"fontSize": 11, "color": theme.faint, "baseline": "middle"}
    start = "max(left - 58, 0)"
    swatch: dict[str, Any] = {"align": "left", "baseline": "middle", "height": 10}

    def label(x: int, align: str, field: str) -> alt.Chart:
        mark = once().mark_text(align=align, **style)
        return mark.encode(x=computed(f"{start} + {x}"), y=y, text=f"{field}:N")

    step = RAMP_WIDTH / RAMP_STEPS
    ramp = (
        table("ramp")
        .mark_rect(**swatch, width=step)
        .encode(
            x=computed(f"{start} + 58 + datum.step * {step}"),
            y=y,
            fill=alt.Fill("colour:N", scale=None),
            fillOpacity=computed("datum.opacity"),
        )
    )
    missing = once().transform_filter("datum.missing !== ''")
    return [
        label(40, "right", "name"),
        label(52, "right", "least"),
        ramp,
        label(154, "left", "most"),
        missing.mark_rect(**swatch, width=10, fill=theme.rule).encode(x=computed(f"{start} + 200"), y=y),
        missing.mark_text(align="left", **style).encode(x=computed(f"{start} + 216"), y=y, text="missing:N"),
    ]


def _cell() -> dict[str, Any]:
    """The size of a cell."""
    return {"width": alt.ExprRef("cell_width"), "height": alt.ExprRef("cell_height")}
