"""The head view's marks: tokens in two columns, lines between them, and what an active token adds."""

from __future__ import annotations

from typing import Any

from attnlit.charts.head.data import FINE
from attnlit.charts.head.switches import RANK
from attnlit.charts.later import alt
from attnlit.charts.opacity import FULL
from attnlit.charts.theme import MONOSPACE_DIGITS, Theme
from attnlit.charts.vega import (
    ESCAPE_KEY,
    click_or_tap,
    click_selection,
    computed,
    event_on,
    floor,
    hover_selection,
    shift_click,
    signal,
    table,
    without_shift,
)

FAINTEST_LINE = 10  # thousandths, for the active token: a line is drawn from 1 % opacity up,
FAINTEST_SQUARE = 20  # a square from 2 %, as fainter ones cannot be seen,
FAINTEST_NUMBER = 5  # and a number from 0.5 %, as less would print as 0 %
BEHIND = 0.4  # of their opacity is left to the other tokens' lines behind those of a pinned token
HEAD_COLOUR = "colour_list[datum.slot]"
HEAD_DASH = "dash_patterns[dash_list[datum.slot]]"


def which_token(by_itself: bool) -> list[alt.Parameter]:
    """The active token: the one under the pointer, else the pinned one, else none (-1).

    A place counts through the left column, then the right one.
    """

    def place(selection: str) -> str:
        return f"{selection}.index[0] + ({selection}.side[0] === 'key' ? queries : 0)"

    return [
        signal("pinned", f"pin.index ? {place('pin')} : -1" if by_itself else "pinned_place"),
        signal("active", f"hover.index ? {place('hover')} : pinned"),
        signal("idle", "active < 0"),
        signal("at_rest", "!hover.index"),
        signal("from_left", "active < queries"),
        signal("active_place", "from_left ? active : active - queries"),
        signal("active_mark", "';' + active_place + ':'"),  # what its weights begin with, where it is the key
    ]


def ground(by_itself: bool, areas: alt.Chart | None = None) -> list[alt.Chart]:
    """An invisible floor, where pointing ends a hover and a click ends a pin; on it, an area a token.

    areas: the marks "token" of another arrangement than columns.
    """
    hover = hover_selection(
        "hover", "token", ["side", "index"], also_cleared_by=[event_on("ground", "pointerover")]
    )
    if by_itself:
        again = "pin.index && pin.index[0] === datum.index && pin.side[0] === datum.side"
        let_go = {"merge": [*click_or_tap("ground")["merge"], ESCAPE_KEY]}
        pin = click_selection("pin", "token", fields=["side", "index"], toggle=again, clear=let_go)
        selections = [hover, pin]
    else:
        plain = without_shift(click_or_tap("token", "ground"))
        pin = click_selection("pin", fields=["side", "index", "held"], on=plain)
        more = click_selection("more", fields=["side", "index"], on=shift_click("token"))
        selections = [hover, pin, more]
    areas = _areas_in_columns() if areas is None else areas
    return [floor(side="'none'", index="-1", held="false"), areas.add_params(*selections)]


def _areas_in_columns() -> alt.Chart:
    return (
        table("tokens", name="token")
        .mark_rect(opacity=0, cursor="pointer", height=alt.ExprRef("row"), baseline="top")
        .encode(
            x=computed("datum.side === 'query' ? left - token_width : right"),
            x2=computed("datum.side === 'query' ? left : right + token_width"),
            y=computed("top + datum.index * row"),
        )
    )


def highlights(theme: Theme) -> alt.Chart:
    """A ground behind the token under the pointer, and on it one behind the pinned token."""
    on_left = "datum.place < queries"
    return (
        behind(theme)
        .mark_rect(cornerRadius=4, height=alt.ExprRef("row"), baseline="top")
        .encode(
            x=computed(f"{on_left} ? left - token_width : right"),
            x2=computed(f"{on_left} ? left : right + token_width"),
            y=computed(f"top + ({on_left} ? datum.place : datum.place - queries) * row"),
            fill=alt.Fill("colour:N", scale=None),
        )
    )


def behind(theme: Theme) -> alt.Chart:
    """The places of the token under the pointer and of the pinned one, as far as there are such."""
    return (
        alt.Chart(alt.sequence(0, 2, as_="pinned"))
        .transform_calculate(
            place="datum.pinned ? pinned : active",
            colour=f"datum.pinned ? '{theme.pinned}' : '{theme.hover}'",
        )
        .transform_filter("datum.place >= 0")
    )


def all_lines(theme: Theme) -> alt.Chart:
    """The strongest lines of all tokens while nothing is pointed at, in grey where a token is pinned."""
    return lines_at_rest(theme).encode(
        x=computed("left"),
        x2=computed("right"),
        y=computed("datum.strand + datum.query * row"),
        y2=computed("datum.strand + datum.key * row"),
    )


def lines_at_rest(theme: Theme) -> alt.Chart:
    """Those lines as they look, from `query` to `key` and `strand` pixels aside, without their places."""
    lines = (
        table("lines")
        .transform_filter("at_rest")
        .transform_calculate(
            slot="split(datum.slots, ',')",
            query="split(datum.queries, ',')",
            key="split(datum.keys, ',')",
            opacity="split(datum.opacities, ',')",
        )
        .transform_flatten(["slot", "query", "key", "opacity"])
        .transform_filter("on[datum.slot] === '1'")
        # the pinned token's own lines are drawn by what is active, and of the others only what can be seen
        .transform_filter(
            f"idle || datum.opacity >= {FAINTEST_LINE * FINE / FULL / BEHIND:g}"
            " && (from_left ? datum.query : datum.key) != active_place"
        )
        .transform_calculate(strand=f"first_line + {RANK} * apart")
    )
    return lines.mark_rule(strokeWidth=alt.ExprRef("line_width"), strokeDash=alt.ExprRef(HEAD_DASH)).encode(
        strokeOpacity=computed(f"datum.opacity / {FINE} * (idle ? 1 : {BEHIND})"),
        stroke=computed(f"idle ? {HEAD_COLOUR} : '{theme.faint}'"),
    )


def active_token(theme: Theme) -> alt.LayerChart:
    """All lines of the active token, a square per head beside the other column's tokens, and the numbers.

    These marks are made anew at every move of the pointer, and Streamlit's front end interprets Vega's
    expressions: so few steps, and short expressions where there are many marks.
    """
    weights = weights_of_active()
    visible = (
        alt.layer(_active_lines(), _active_squares())
        .transform_filter(f"datum.weight >= {FAINTEST_LINE}")
        .resolve_scale(x="independent", y="independent")
    )
    together = alt.layer(visible, _active_numbers(theme), data=weights.data)
    return together.properties(transform=weights.transform).resolve_scale(x="independent", y="independent")


def weights_of_active() -> alt.Chart:
    """The active token's weights, one row each: `other` is the token at the line's other end."""
    return (
        table("rows")
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
        .transform_filter("on[datum.slot] === '1'")
        .transform_calculate(rank=RANK)
    )


_BESIDE = "top + (datum.other + 0.5) * row"
_OPACITY = f"datum.weight / {FULL}"


def _active_lines() -> alt.Chart:
    return (
        alt.Chart()
        .mark_rule(strokeWidth=alt.ExprRef("active_width"), strokeDash=alt.ExprRef(HEAD_DASH))
        .encode(
            x=computed("active_x"),
            x2=computed("other_x"),
            y=computed("active_y + datum.rank * apart"),
            y2=computed("first_line + datum.rank * apart + datum.other * row"),
            strokeOpacity=computed(_OPACITY),
            stroke=computed(HEAD_COLOUR),
        )
    )


def _active_squares() -> alt.Chart:
    size: dict[str, Any] = {"width": alt.ExprRef("square - 1"), "height": alt.ExprRef("row - 4")}
    return (
        alt.Chart()
        .transform_filter(f"datum.weight >= {FAINTEST_SQUARE}")
        .mark_rect(align="left", baseline="middle", **size)
        .encode(
            x=computed("squares_x + datum.rank * square"),
            y=computed(_BESIDE),
            fillOpacity=computed(_OPACITY),
            fill=computed(HEAD_COLOUR),
        )
    )


def _active_numbers(theme: Theme) -> alt.Chart:
    """The mean over the heads that are on, beside each token that gets a part of it."""
    share = f"datum.total * full / ({FULL} * shown)"
    return (
        alt.Chart()
        .transform_aggregate(total="sum(weight)", groupby=["other"])
        .transform_filter(f"datum.total >= {FAINTEST_NUMBER} * shown")
        .mark_text(
            align="right", baseline="middle", font=MONOSPACE_DIGITS, color=theme.text,
            fontSize=alt.ExprRef("number_size"),
        )
        .encode(
            x=computed("numbers_x"),
            y=computed(_BESIDE),
            text=computed(f"format({share}, full < 1 ? '.1%' : '.0%')"),
        )
    )  # fmt: skip


def tokens() -> alt.Chart:
    """Both columns of tokens."""
    on_left = "datum.side === 'query'"
    size, room = alt.ExprRef("font_size"), alt.ExprRef("token_width - 10")
    align = alt.ExprRef(f"{on_left} ? 'right' : 'left'")
    return (
        table("tokens")
        .mark_text(align=align, baseline="middle", fontSize=size, limit=room)
        .encode(
            x=computed(f"{on_left} ? left - 6 : right + 6"),
            y=computed("top + (datum.index + 0.5) * row"),
            text="text:N",
            color=alt.Color("ink:N", scale=None),
        )
    )


def ramp(theme: Theme) -> alt.Chart:
    """The legend between the titles: opacity is the weight."""
    return (
        alt.Chart(alt.sequence(0, 10, as_="step"))
        .mark_rect(
            align="left", baseline="middle", height=8, fill=theme.text, width=alt.ExprRef("ramp_width / 10")
        )
        .encode(
            x=computed("ramp_left + datum.step * ramp_width / 10"),
            y=computed("titles"),
            fillOpacity=computed("(datum.step + 0.5) / 10"),
        )
    )
