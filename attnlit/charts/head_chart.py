"""The head view's specification: which marks there are, and what each depends on.

One chart a theme is built and checked by Altair, which takes a while; the sizes of a `HeadShape` are values
of its parameters, set afterwards. All else that changes comes in five tables:

- ``tokens``: both columns, ``side`` "query" or "key"
- ``lines``: the strongest lines, for while nothing is pointed at, as compact text
- ``rows``: every weight worth seeing as compact text, taken apart only for the token pointed at
- ``switches``: the heads shown; ``slot`` is a head's place among them
- ``legend``: one row of numbers and words that hold for the whole picture

Compact text, as Streamlit's front end reads a table cell by cell: for 2,000 lines that froze the page longer
than drawing them. Places follow from the tokens' order for the same reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import altair as alt

from attnlit.charts.marks import (
    ESCAPE_KEY,
    MONOSPACE_DIGITS,
    click_or_tap,
    computed,
    double_tap,
    event_on,
    framed,
    hover_selection,
    signal,
    token_font_size,
    token_row_height,
)
from attnlit.charts.picture import with_values
from attnlit.charts.theme import LIGHT, Theme

FULL = 1000  # in ``rows`` weights are whole thousandths of the weight that is drawn at full opacity
FINE = 10_000  # in ``lines`` opacities are whole numbers of this share
FAINTEST_LINE = 10  # of these, for the token pointed at: a line is drawn from 1 % opacity up,
FAINTEST_SQUARE = 20  # a square from 2 %, as fainter ones cannot be seen,
FAINTEST_NUMBER = 5  # and a number from 0.5 %, as less would print as 0 %

SWITCH_HEIGHT = 22
SWITCH_ROW = SWITCH_HEIGHT + 4
SWITCHES_A_ROW = 16
NUMBER_WIDTH = 40  # pixels for "100%" beside a token
# Where rows are lower than this, lines are one pixel thick: they are many and long there, and a browser
# without a graphics card paints thicker ones 2.6 times as slowly.
THIN_LINES_BELOW = 16
HUNDREDTHS = 100  # of a pixel: in these ``lines`` says where a line begins and ends
LEAST_LINES_WIDTH = 84  # pixels between the columns on a phone
MOST_LINES_WIDTH = 560
OFF_THE_CHART = -999  # a place for text that has no room


@dataclass(frozen=True)
class HeadShape:
    """All that the specification depends on."""

    queries: int
    keys: int
    heads: int  # of the layer, shown or not
    token_width: int  # pixels
    theme: Theme
    pinned: tuple[str, int] | None = (
        None  # the token that is pinned at the start: ("query" or "key", its place)
    )

    @property
    def row(self) -> int:
        """Height of a token, pixels."""
        return token_row_height(max(self.queries, self.keys))

    @property
    def switch_rows(self) -> int:
        return -(-self.heads // SWITCHES_A_ROW)

    @property
    def titles(self) -> int:
        """Where the line of titles and legend runs, pixels from the top."""
        return self.switch_rows * SWITCH_ROW + 26

    @property
    def top(self) -> int:
        """Where the first token begins."""
        return self.titles + 14

    @property
    def height(self) -> int:
        return self.top + max(self.queries, self.keys) * self.row + 6

    def apart(self, heads: int) -> float:
        """Pixels between the lines of neighbouring heads, so that they do not hide each other."""
        return min(1.1, self.row * 0.5 / heads)

    def first_line(self, heads: int) -> float:
        """Where slot 0's line begins at the first token of a column, pixels from the top."""
        return self.top + self.row / 2 - (heads - 1) / 2 * self.apart(heads)

    def parameters(self) -> dict[str, Any]:
        """The values of the chart's parameters in this shape."""
        font_size = token_font_size(self.row)
        values: dict[str, Any] = {
            "queries": self.queries,
            "row": self.row,
            "titles": self.titles,
            "top": self.top,
            "token_room": self.token_width,
            "switch_rows": self.switch_rows,
            "font_size": font_size,
            "number_size": max(9, font_size - 2),
        }
        if self.pinned:
            values["pin"] = [{"side": self.pinned[0], "index": self.pinned[1]}]
        return values


@lru_cache(maxsize=64)
def head_spec(shape: HeadShape) -> dict[str, Any]:
    """The frozen specification of this shape: shared, never written to."""
    return with_values(theme_spec(shape.theme), shape.parameters(), shape.height)


def head_chart(shape: HeadShape, width: int) -> alt.LayerChart:
    """The Altair chart of this shape, without data."""
    return alt.LayerChart.from_dict({**head_spec(shape), "width": width})


@lru_cache(maxsize=8)
def theme_spec(theme: Theme) -> dict[str, Any]:
    """The specification before its sizes are known. Later layers lie on top of earlier ones."""
    chart = alt.layer(
        *_ground(),
        *_highlights(theme),
        _all_lines(),
        _active_token(theme),
        *_tokens(),
        *_titles(theme),
        *_legend(theme),
        *_switches(theme),
    ).add_params(*_sizes(), *_which_token(), *_which_heads(), *_where())
    spec: dict[str, Any] = framed(chart, 760, 400, theme).to_dict(validate=False)  # tests do
    return spec


# ---------------------------------------------------------------------------------------------------- signals


def _sizes() -> list[alt.Parameter]:
    """The names of `HeadShape.parameters`, still without their values."""
    names = HeadShape(1, 1, 1, 1, LIGHT).parameters()
    return [alt.param(name, value=0) for name in names]


def _which_token() -> list[alt.Parameter]:
    """The active token: the one under the pointer, else the pinned one, else none (-1)."""
    return [
        signal("pinned", "pin.index ? pin.index[0] + (pin.side[0] === 'key' ? queries : 0) : -1"),
        # A place counts through the left column, then the right one.
        signal("active", "hover.index ? hover.index[0] + (hover.side[0] === 'key' ? queries : 0) : pinned"),
        signal("idle", "active < 0"),
        signal("from_left", "active < queries"),
        signal("active_place", "from_left ? active : active - queries"),
        signal("active_mark", "';' + active_place + ':'"),  # what its weights begin with, where it is the key
    ]


def _which_heads() -> list[alt.Parameter]:
    """A double click leaves one head alone (``solo``), a click turns one over (``flipped``)."""
    return [
        signal("listed", "pluck(data('switches'), 'head')"),
        signal("colours", "pluck(data('switches'), 'colour')"),
        signal("solo_heads", "solo.head || []"),
        signal("flipped_heads", "flipped.head || []"),
        signal("all_on", "length(solo_heads) + length(flipped_heads) === 0"),
        signal(
            "heads_shown",
            "length(solo_heads) === 0 ? length(listed) - length(flipped_heads)"
            " : length(flipped_heads) + (indexof(flipped_heads, solo_heads[0]) < 0 ? 1 : -1)",
        ),
        # pluck, as a table is empty for a moment before its data arrive
        signal("full_weight", "pluck(data('legend'), 'full')[0] || 1"),
        signal("apart", "pluck(data('legend'), 'apart')[0] || 0"),
        signal("first_line", "pluck(data('legend'), 'first_line')[0] || 0"),
        signal("line_width", f"length(listed) > 2 || row < {THIN_LINES_BELOW} ? 1 : 1.75"),
        signal("active_width", f"row < {THIN_LINES_BELOW} ? 1 : length(listed) > 2 ? 1.5 : 2"),
    ]


# True where the head of a row with a ``slot`` is switched on.
HEAD_IS_ON = (
    "all_on || (length(solo_heads) === 0 || indexof(solo_heads, listed[datum.slot]) >= 0)"
    " !== (indexof(flipped_heads, listed[datum.slot]) >= 0)"
)
HEAD_COLOUR = "colours[datum.slot]"


def _where() -> list[alt.Parameter]:
    """Places that hang on Vega's ``width``, from a phone to a wide screen.

    The squares stand outside the token columns where there is room, else between the columns.
    """
    return [
        signal("square_wanted", "clamp(floor(108 / length(listed)), 3, 12)"),
        signal(
            "roomy",
            f"width >= 2 * (token_room + {NUMBER_WIDTH} + square_wanted * length(listed) + 8) + 140",
        ),
        signal(
            "token_width", f"min(token_room, max(40, (width - {2 * NUMBER_WIDTH + LEAST_LINES_WIDTH}) / 2))"
        ),
        signal("outside", f"token_width + {NUMBER_WIDTH} + (roomy ? square_wanted * length(listed) + 8 : 0)"),
        signal("lines_width", f"clamp(width - 2 * outside, {LEAST_LINES_WIDTH}, {MOST_LINES_WIDTH})"),
        signal("left", "(width - lines_width) / 2"),
        signal("right", "left + lines_width"),
        signal("square", "roomy ? square_wanted : min(square_wanted, lines_width * 0.4 / length(listed))"),
        signal("strip", "square * length(listed)"),
        signal("active_x", "from_left ? left : right"),
        signal("other_x", "(from_left ? right : left) + (roomy ? 0 : from_left ? -strip - 4 : strip + 4)"),
        signal("active_y", "first_line + active_place * row"),  # of slot 0's line at the active token
        signal(
            "squares_x",
            "from_left ? (roomy ? right + token_width + 8 : right - strip - 1)"
            " : (roomy ? left - token_width - 8 - strip : left + 1)",
        ),
        signal(
            "numbers_x",
            f"from_left ? right + token_width + {NUMBER_WIDTH - 2} + (roomy ? strip + 8 : 0)"
            " : left - token_width - (roomy ? strip + 14 : 4)",
        ),
        signal("switches_a_row", "ceil(length(listed) / switch_rows)"),
        signal("switch_width", "clamp(floor(width / switches_a_row), 12, 28)"),
        signal("switches_left", "(width - switch_width * switches_a_row + 3) / 2"),
        signal("ramp_width", "clamp(lines_width - 90, 24, 120)"),
        signal("ramp_left", "(width - ramp_width) / 2"),
    ]


# ------------------------------------------------------------------------------------------------------ marks


def _once() -> alt.Chart:
    """The start of a mark that is drawn once."""
    return alt.Chart(alt.NamedData("legend"))


def _ground() -> list[alt.Chart]:
    """An invisible floor, where pointing ends a hover and a click ends a pin; on it, an area a token."""
    hover = hover_selection(
        "hover", "token", ["side", "index"], also_cleared_by=[event_on("ground", "pointerover")]
    )
    pin = alt.selection_point(
        "pin",
        fields=["side", "index"],
        on=click_or_tap("token"),
        toggle="pin.index && pin.index[0] === datum.index && pin.side[0] === datum.side",  # again: unpin
        clear={"merge": [*click_or_tap("ground")["merge"], ESCAPE_KEY]},
        empty=False,
    )
    floor_touched = alt.selection_point("floor_touched", on="@ground_marks:click", clear=False, empty=False)
    floor = (
        alt.Chart(alt.NamedData("legend"), name="ground")
        .mark_rect(opacity=0)
        .encode(x=alt.value(0), x2=computed("width"), y=alt.value(0), y2=computed("height"))
        .add_params(floor_touched)  # a mark without a selection does not feel the pointer
    )
    areas = (
        alt.Chart(alt.NamedData("tokens"), name="token")
        .mark_rect(opacity=0, cursor="pointer", height=alt.ExprRef("row"), baseline="top")
        .encode(
            x=computed("datum.side === 'query' ? left - token_width : right"),
            x2=computed("datum.side === 'query' ? left : right + token_width"),
            y=computed("top + datum.index * row"),
        )
        .add_params(hover, pin)
    )
    return [floor, areas]


def _highlights(theme: Theme) -> list[alt.Chart]:
    """A ground behind the pinned token, and one behind the token under the pointer."""

    def behind(token: str, colour: str) -> alt.Chart:
        on_left = f"{token} < queries"
        place = f"({on_left} ? {token} : {token} - queries)"
        return (
            _once()
            .transform_filter(f"{token} >= 0")
            .mark_rect(cornerRadius=4, height=alt.ExprRef("row"), baseline="top", fill=colour)
            .encode(
                x=computed(f"{on_left} ? left - token_width : right"),
                x2=computed(f"{on_left} ? left : right + token_width"),
                y=computed(f"top + {place} * row"),
            )
        )

    return [behind("active", theme.hover), behind("pinned", theme.pinned)]


def _all_lines() -> alt.Chart:
    """The strongest lines of all tokens, while no token is active.

    Where they run is worked out on the server: Streamlit's front end interprets Vega's expressions, and 2,000
    times even a short one takes milliseconds.
    """
    return (
        alt.Chart(alt.NamedData("lines"))
        .transform_filter("idle")
        .transform_calculate(
            slot="split(datum.slots, ',')",
            begin="split(datum.begins, ',')",
            end="split(datum.ends, ',')",
            opacity="split(datum.opacities, ',')",
        )
        .transform_flatten(["slot", "begin", "end", "opacity"])
        .transform_filter(HEAD_IS_ON)
        .mark_rule(strokeWidth=alt.ExprRef("line_width"))
        .encode(
            x=computed("left"),
            x2=computed("right"),
            y=computed(f"datum.begin / {HUNDREDTHS}"),
            y2=computed(f"datum.end / {HUNDREDTHS}"),
            strokeOpacity=computed(f"datum.opacity / {FINE}"),
            stroke=computed(HEAD_COLOUR),
        )
    )


def _active_token(theme: Theme) -> alt.LayerChart:
    """All lines of the active token, a square per head beside the other column's tokens, and the numbers.

    These marks are made anew at every move of the pointer, and Streamlit's front end interprets Vega's
    expressions: so few steps, and short expressions where there are many marks.
    """
    weights = (
        alt.Chart(alt.NamedData("rows"))
        .transform_filter(
            "!idle && (from_left ? datum.query === active : indexof(datum.entries, active_mark) >= 0)"
        )
        # A query on the left takes its whole text apart; a key on the right takes its own part of every text.
        .transform_calculate(
            pair="from_left ? split(slice(datum.entries, 1), ';')"
            " : [active_place + ':' + split(split(datum.entries, active_mark)[1], ';')[0]]"
        )
        .transform_flatten(["pair"])
        .transform_calculate(part="split(datum.pair, ':')")
        .transform_calculate(
            other="from_left ? toNumber(datum.part[0]) : datum.query",
            slot="split(datum.part[1], ',')",
            weight="split(datum.part[2], ',')",
        )
        .transform_flatten(["slot", "weight"])
        .transform_filter(HEAD_IS_ON)
    )
    beside = computed("top + (datum.other + 0.5) * row")
    opacity = computed(f"datum.weight / {FULL}")
    lines = (
        alt.Chart()
        .mark_rule(strokeWidth=alt.ExprRef("active_width"))
        .encode(
            x=computed("active_x"),
            x2=computed("other_x"),
            y=computed("active_y + datum.slot * apart"),
            y2=computed("first_line + datum.slot * apart + datum.other * row"),
            strokeOpacity=opacity,
            stroke=computed(HEAD_COLOUR),
        )
    )
    squares = (
        alt.Chart()
        .transform_filter(f"datum.weight >= {FAINTEST_SQUARE}")
        .mark_rect(
            align="left", baseline="middle", width=alt.ExprRef("square - 1"), height=alt.ExprRef("row - 4")
        )
        .encode(
            x=computed("squares_x + datum.slot * square"),
            y=beside,
            fillOpacity=opacity,
            fill=computed(HEAD_COLOUR),
        )
    )
    visible = (
        alt.layer(lines, squares)
        .transform_filter(f"datum.weight >= {FAINTEST_LINE}")
        .resolve_scale(x="independent", y="independent")
    )
    numbers = (
        alt.Chart()
        .transform_aggregate(total="sum(weight)", groupby=["other"])
        .transform_filter(f"datum.total >= {FAINTEST_NUMBER} * heads_shown")
        .mark_text(
            align="right",
            baseline="middle",
            font=MONOSPACE_DIGITS,
            fontSize=alt.ExprRef("number_size"),
            color=theme.text,
        )
        .encode(
            x=computed("numbers_x"),
            y=beside,
            text=computed(
                f"format(datum.total * full_weight / ({FULL} * heads_shown), full_weight < 1 ? '.1%' : '.0%')"
            ),
        )
    )
    together = alt.layer(visible, numbers, data=weights.data)
    return together.properties(transform=weights.transform).resolve_scale(x="independent", y="independent")


def _tokens() -> list[alt.Chart]:
    def column(side: str, align: str, x: str) -> alt.Chart:
        return (
            alt.Chart(alt.NamedData("tokens"))
            .transform_filter(f"datum.side === '{side}'")
            .mark_text(
                align=align,
                baseline="middle",
                fontSize=alt.ExprRef("font_size"),
                limit=alt.ExprRef("token_width - 10"),
            )
            .encode(
                x=computed(x),
                y=computed("top + (datum.index + 0.5) * row"),
                text="text:N",
                color=alt.Color("ink:N", scale=None),
            )
        )

    return [column("query", "right", "left - 6"), column("key", "left", "right + 6")]


def _titles(theme: Theme) -> list[alt.Chart]:
    """What each column is, and what the numbers are."""

    def title(x: str, align: str, **what: Any) -> alt.Chart:
        style = {"fontSize": 12, "fontWeight": 600, "color": theme.faint, "baseline": "middle"}
        return _once().mark_text(align=align, **style, **what).encode(x=computed(x), y=computed("titles"))

    return [
        title("left - 6", "right", text="attends from"),
        title("right + 6", "left", text="attends to"),
        title(
            f"idle ? {OFF_THE_CHART} : numbers_x",
            "right",
            text=alt.ExprRef("heads_shown === 1 ? 'weight' : 'mean'"),
        ),
    ]


def _legend(theme: Theme) -> list[alt.Chart]:
    """Opacity is the weight: a ramp between the titles, with its two ends in numbers."""
    style = {"fontSize": 11, "color": theme.faint, "baseline": "middle"}
    ramp = (
        alt.Chart(alt.sequence(0, 10, as_="step"))
        .mark_rect(
            align="left",
            baseline="middle",
            height=8,
            fill=theme.text,
            width=alt.ExprRef("ramp_width / 10"),
        )
        .encode(
            x=computed("ramp_left + datum.step * ramp_width / 10"),
            y=computed("titles"),
            fillOpacity=computed("(datum.step + 0.5) / 10"),
        )
    )

    def label(x: str, align: str, field: str) -> alt.Chart:
        text = _once().mark_text(align=align, **style)
        return text.encode(x=computed(x), y=computed("titles"), text=f"{field}:N")

    name = _once().mark_text(align="right", text="weight", **style)
    return [
        ramp,
        label("ramp_left - 5", "right", "none"),
        label("ramp_left + ramp_width + 5", "left", "most"),
        name.encode(
            x=computed(f"lines_width < 280 ? {OFF_THE_CHART} : ramp_left - 18"), y=computed("titles")
        ),
    ]


def _switches(theme: Theme) -> list[alt.Chart]:
    """One switch a head: a click turns it over, a double click leaves it alone, another brings all back.

    A double click arrives as two clicks, which cancel each other out, and then as itself. A double tap is the
    second tap: it clears in the same moment what that would turn over.
    """
    flipped = alt.selection_point(
        "flipped",
        fields=["head"],
        on=click_or_tap("switch"),
        toggle="true",
        clear={"merge": [event_on("switch", "dblclick"), double_tap("switch")]},
        empty=False,
    )
    solo = alt.selection_point(
        "solo",
        fields=["head"],
        on={"merge": [event_on("switch", "dblclick"), double_tap("switch")]},
        toggle="solo.head && solo.head[0] === datum.head",
        clear=False,
        empty=False,
    )
    x = "switches_left + datum.slot % switches_a_row * switch_width"
    y = f"floor(datum.slot / switches_a_row) * {SWITCH_ROW}"
    areas = (
        alt.Chart(alt.NamedData("switches"), name="switch")
        .mark_rect(
            align="left",
            baseline="top",
            cornerRadius=4,
            cursor="pointer",
            width=alt.ExprRef("switch_width - 3"),
            height=SWITCH_HEIGHT,
        )
        .encode(
            x=computed(x),
            y=computed(y),
            fill=alt.Fill("colour:N", scale=None),
            fillOpacity=alt.condition(HEAD_IS_ON, alt.value(1), alt.value(0.16)),
            tooltip=computed("'Head ' + datum.head + '. Click: off or on. Double click: only this one.'"),
        )
        .add_params(flipped, solo)
    )
    numbers = (
        alt.Chart(alt.NamedData("switches"))
        .mark_text(fontSize=11, fontWeight=600, baseline="middle", align="center")
        .encode(
            x=computed(f"{x} + (switch_width - 3) / 2"),
            y=computed(f"{y} + {SWITCH_HEIGHT / 2 + 0.5}"),
            text="head:N",
            color=alt.condition(HEAD_IS_ON, alt.Color("ink:N", scale=None), alt.value(theme.faint)),
        )
    )
    caption = (
        _once()
        .mark_text(
            text=alt.ExprRef("length(listed) === 1 ? 'Head' : 'Heads'"),
            align="right",
            baseline="middle",
            fontSize=12,
            fontWeight=600,
            color=theme.faint,
        )
        .encode(
            x=computed(f"switches_left < 48 ? {OFF_THE_CHART} : switches_left - 8"),
            y=alt.value(SWITCH_HEIGHT / 2),
        )
    )
    all_off = (
        _once()
        .transform_filter("heads_shown === 0")
        .mark_text(text="Every head is switched off.", fontSize=13, color=theme.faint)
        .encode(x=computed("width / 2"), y=computed("top + row * 1.5"))
    )
    return [caption, areas, numbers, all_off]
