"""The heat map's specification: which marks there are, and what each depends on."""

from __future__ import annotations

from typing import Any

from attnlit.charts.heatmap.data import RAMP_STEPS
from attnlit.charts.heatmap.layout import LABEL_SIZE, NOWHERE, places
from attnlit.charts.later import alt
from attnlit.charts.lettering import Word, lettering
from attnlit.charts.opacity import FULL
from attnlit.charts.picture import frozen
from attnlit.charts.theme import Theme
from attnlit.charts.vega import (
    click_or_tap,
    click_selection,
    computed,
    event_on,
    floor,
    framed,
    hover_selection,
    once,
    setup_signals,
    signal,
    table,
    without_shift,
)

BEFORE_DATA = {
    "queries": 1,
    "keys": 1,
    "label_room": 72,
    "matrix_height": 1,
    "said_room": 0,
    "top": 1,
    "height": 400,
    "full": 1,
    "signed": False,
    "clicks": False,
    "pinned_row": NOWHERE,
    "pinned_column": NOWHERE,
}
NARROW = 6  # pixels of a cell
RAMP_WIDTH = 90  # pixels
_LEGEND = "max(left - 58, 0)"  # where it begins
_HAND = "clicks ? 'pointer' : 'default'"  # the pointer's shape
_FROM_CORNER: dict[str, Any] = {"align": "left", "baseline": "top"}


@frozen
def theme_spec(theme: Theme) -> alt.LayerChart:
    """The view without its data. Later layers lie on top of earlier ones."""
    chart = alt.layer(
        floor(side="'none'", index="-1", held="false"),
        *_matrix(theme),
        *_pinned(theme),
        *_labels(theme),
        *_pointer_areas(),
        _frame(theme),
        *_legend(theme),
        _words(theme),
    ).add_params(*setup_signals(**BEFORE_DATA), *places(), *_pointed_at())
    return framed(chart, theme)


def _pointed_at() -> list[alt.Parameter]:
    return [
        signal("active_row", f"hover_row.place ? hover_row.place[0] : {NOWHERE}"),
        signal("active_column", f"active_row >= 0 && hover_column.place ? hover_column.place[0] : {NOWHERE}"),
        # While nothing is pointed at, the line above the matrix is about the pinned query.
        signal("said", "pluck(data('rows'), 'said')[active_row >= 0 ? active_row : pinned_row] || ''"),
        signal("active_query", "pluck(data('rows'), 'text')[active_row]"),
        signal("active_weights", "split(pluck(data('rows'), 'weights')[active_row] || '', ',')"),
    ]


def _pinned(theme: Theme) -> list[alt.Chart]:
    """A ground behind the pinned query's label and a frame around its row, or around a pinned key's."""
    of_row = "pinned_row >= 0"
    beside = f"(({of_row} ? cell_height : cell_width) < {NARROW} ? 2 : 0)"  # narrow cells it would cover
    ground = (
        once()
        .transform_filter(of_row)
        .mark_rect(
            cornerRadius=4, baseline="middle", fill=theme.pinned, height=alt.ExprRef("max(cell_height, 17)")
        )
        .encode(x=alt.value(0), x2=computed("left - 3"), y=computed("top + (pinned_row + 0.5) * cell_height"))
    )
    frame = (
        once()
        .transform_filter(f"{of_row} || pinned_column >= 0")
        .mark_rect(
            fillOpacity=0, stroke=theme.accent, strokeWidth=1.5, **_FROM_CORNER,
            width=alt.ExprRef(f"({of_row} ? matrix_width : cell_width) + 2 * {beside}"),
            height=alt.ExprRef(f"({of_row} ? cell_height : matrix_height) + 2 * {beside}"),
        )
        .encode(
            x=computed(f"left + ({of_row} ? 0 : pinned_column * cell_width) - {beside}"),
            y=computed(f"top + ({of_row} ? pinned_row * cell_height : 0) - {beside}"),
        )
    )  # fmt: skip
    return [ground, frame]


def _matrix(theme: Theme) -> list[alt.Chart]:
    size = {"width": alt.ExprRef("matrix_width"), "height": alt.ExprRef("matrix_height")}
    image = table("image").mark_image(aspect=False, smooth=False, **_FROM_CORNER, **size)
    frame = once().mark_rect(fillOpacity=0, stroke=theme.rule, **_FROM_CORNER, **size)
    corner = {"x": computed("left"), "y": computed("top")}
    return [image.encode(**corner, url="url:N"), frame.encode(**corner)]


def _labels(theme: Theme) -> list[alt.Chart]:
    """The tokens, thinned out where cells are small; those pointed at or pinned always, in bold."""

    def side(name: str, step: str, cell: str, room: int, **where: Any) -> alt.Chart:
        active, pinned = f"active_{name[:-1]}", f"pinned_{name[:-1]}"

        def near(place: str) -> str:
            return f"abs(datum.place - {place}) * {cell} < {room}"

        rest = f"datum.place === {pinned} || (datum.place % {step} === 0 && !({near(pinned)}))"
        shown = f"datum.place === {active} || (!({near(active)}) && ({rest}))"
        bold = f"datum.place === {active} || datum.place === {pinned}"
        return (
            table(name)
            .transform_filter(shown)
            .mark_text(
                baseline="middle",
                fontSize=LABEL_SIZE,
                fontWeight=alt.ExprRef(f"{bold} ? 700 : 400"),
                limit=alt.ExprRef("label_width - 10"),
                color=theme.text,
                **where,
            )
        )

    rows = side("rows", "row_step", "cell_height", 14, align="right")
    columns = side("columns", "column_step", "cell_width", 17, align="left", angle=315)
    return [
        rows.encode(
            x=computed("left - 7"), y=computed("top + (datum.place + 0.5) * cell_height"), text="text:N"
        ),
        columns.encode(
            x=computed("left + (datum.place + 0.5) * cell_width"), y=computed("top - 8"), text="text:N"
        ),
    ]


def _words(theme: Theme) -> alt.Chart:
    """What stands there once: what is said of the query pointed at, the titles, and the legend."""
    legend = "top + matrix_height + 20"

    def title(text: str, x: str, y: str, align: str) -> Word:
        return Word(text, x, y, align, size=12, weight=600)

    def label(field: str, x: int, align: str) -> Word:
        return Word(f"setup_row.{field} || ''", f"{_LEGEND} + {x}", legend, align, size=11)

    words = [
        Word("said", "1", "10", "'left'", size=13, ink=theme.text),
        title("'attends from'", "left - 7", "top - 10", "'right'"),
        title("'attends to'", "left", "said_room + 9", "'left'"),
        label("name", 40, "'right'"),
        label("least", 52, "'right'"),
        label("most", 154, "'left'"),
        label("missing", 216, "'left'"),
    ]
    return lettering(words, theme.faint)


def _pointer_areas() -> list[alt.Chart]:
    """Invisible rows; and in the row pointed at invisible cells with their numbers."""
    leaving = [event_on("ground", "pointerover")]
    over_row = hover_selection("hover_row", "row", "place", also_cleared_by=leaving)
    over_cell = hover_selection("hover_column", "cell", "place", also_cleared_by=leaving)
    size = {"width": alt.ExprRef("left + matrix_width"), "height": alt.ExprRef("cell_height")}
    pin = click_selection(
        "pin", fields=["side", "index", "held"], on=without_shift(click_or_tap("row", "cell", "ground"))
    )
    rows = (
        table("rows", name="row")
        .transform_calculate(**_pins("datum.place"))
        .mark_rect(opacity=0, cursor=alt.ExprRef(_HAND), **_FROM_CORNER, **size)
        .encode(x=alt.value(0), y=computed("top + datum.place * cell_height"))
        .add_params(over_row, pin)
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
        .transform_calculate(**_pins("active_row"))
        .mark_rect(opacity=0, cursor=alt.ExprRef(_HAND), **_FROM_CORNER, **_cell())
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


def _pins(query: str) -> dict[str, str]:
    """What a click on a query's row or cell says in a selection."""
    return {"side": "'query'", "index": query, "held": f"{query} === pinned_row"}


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
    swatch: dict[str, Any] = {"align": "left", "baseline": "middle", "height": 10}
    step = RAMP_WIDTH / RAMP_STEPS
    ramp = (
        table("ramp")
        .mark_rect(**swatch, width=step)
        .encode(
            x=computed(f"{_LEGEND} + 58 + datum.step * {step}"),
            y=y,
            fill=alt.Fill("colour:N", scale=None),
            fillOpacity=computed("datum.opacity"),
        )
    )
    missing = once().transform_filter("datum.missing !== ''")
    grey = missing.mark_rect(**swatch, width=10, fill=theme.rule)
    return [ramp, grey.encode(x=computed(f"{_LEGEND} + 200"), y=y)]


def _cell() -> dict[str, Any]:
    """The size of a cell."""
    return {"width": alt.ExprRef("cell_width"), "height": alt.ExprRef("cell_height")}
