"""The head view's switches: one a head, above the picture, each in its head's colour.

In the app a click is told to the server, which draws the next picture. In a notebook or a saved page, where
nobody answers, the switches work in the browser.
"""

from __future__ import annotations

from typing import Any

import altair as alt

from attnlit.charts.head.layout import SWITCH_HEIGHT, SWITCH_ROW, SWITCHES_LEFT
from attnlit.charts.theme import DASHES, Theme
from attnlit.charts.vega import (
    click_selection,
    computed,
    double_click_or_tap,
    once,
    signal,
    table,
)

LEFT = f"{SWITCHES_LEFT} + datum.place % switches_a_row * switch_width"
TOP = f"floor(datum.place / switches_a_row) * {SWITCH_ROW}"

# True where the head of a slot is on, in a browser that is by itself. Texts of numbers are no numbers there.
_IS_ON = (
    "all_on || (length(solo_slots) === 0 || indexof(solo_slots, {slot}) >= 0)"
    " !== (indexof(flipped_slots, {slot}) >= 0)"
)
SLOT_IS_ON = _IS_ON.format(slot="toNumber(datum.slot)")
_SWITCH_IS_ON = {False: "datum.on", True: _IS_ON.format(slot="datum.slot")}


def which_heads(by_itself: bool) -> list[alt.Parameter]:
    """How many heads are on, and in a browser that is by itself which.

    There a double click leaves one head alone (`solo`), a click turns one over (`flipped`).
    """
    colours = [
        signal("colour_list", "split(colours, ',')"),
        signal("dash_list", "split(dashes, ',')"),
        signal("dash_patterns", str([list(dash) for dash in DASHES])),
    ]
    if not by_itself:
        return [*colours, signal("heads_on", "shown")]
    return [
        *colours,
        signal("solo_slots", "solo.slot || []"),
        signal("flipped_slots", "flipped.slot || []"),
        signal("all_on", "length(solo_slots) + length(flipped_slots) === 0"),
        signal(
            "heads_on",
            "length(solo_slots) === 0 ? shown - length(flipped_slots)"
            " : length(flipped_slots) + (indexof(flipped_slots, solo_slots[0]) < 0 ? 1 : -1)",
        ),
    ]


def _selections(by_itself: bool) -> list[alt.Parameter]:
    """What clicks on switches do.

    A double click arrives as two clicks, which cancel each other out, and then as itself. A double tap is the
    second tap: it clears in the same moment what that would turn over.
    """
    twice = double_click_or_tap("switch")
    if not by_itself:
        solo = click_selection("solo", "switch", fields=["head", "alone"], on=twice)
        return [click_selection("heads", "switch", fields=["head", "on"]), solo]
    flipped = click_selection("flipped", "switch", fields=["slot"], toggle="true", clear=twice)
    again = "solo.slot && solo.slot[0] === datum.slot"
    return [flipped, click_selection("solo", "switch", fields=["slot"], on=twice, toggle=again, clear=False)]


def switches(theme: Theme, by_itself: bool) -> list[alt.Chart]:
    """The switches with their numbers, and under the later ones the dashes of their lines."""
    on = _SWITCH_IS_ON[by_itself]
    listed = "datum.on" if by_itself else "true"  # in a browser by itself there is nothing of the other heads
    what = "'. Click: off or on. Double click: only this one.'"
    areas = (
        table("switches", name="switch")
        .transform_filter(listed)
        .mark_rect(
            align="left", baseline="top", cornerRadius=4, height=SWITCH_HEIGHT,
            width=alt.ExprRef("switch_width - 3"),
            cursor=alt.ExprRef("switches > 1 ? 'pointer' : 'default'"),
        )
        .encode(
            x=computed(LEFT),
            y=computed(TOP),
            fill=alt.Fill("colour:N", scale=None),
            fillOpacity=alt.condition(on, alt.value(1), alt.value(0.16)),
            tooltip=computed(f"'Head ' + datum.name + (switches > 1 ? {what} : '')"),
        )
        .add_params(*_selections(by_itself))
    )  # fmt: skip
    ink = alt.condition(on, alt.Color("ink:N", scale=None), alt.value(theme.faint))
    numbers = (
        table("switches")
        .transform_filter(listed)
        .mark_text(fontSize=11, fontWeight=600, baseline="middle", align="center")
        .encode(
            x=computed(f"{LEFT} + (switch_width - 3) / 2"),
            y=computed(f"{TOP} + {SWITCH_HEIGHT / 2 + 0.5}"),
            text="name:N",
            color=ink,
        )
    )
    dashes = (
        table("switches")
        .transform_filter(f"{listed} && datum.dash > 0")
        .mark_rule(strokeWidth=1.5, strokeDash=alt.ExprRef("dash_patterns[datum.dash]"))
        .encode(
            x=computed(f"{LEFT} + 3"),
            x2=computed(f"{LEFT} + switch_width - 6"),
            y=computed(f"{TOP} + {SWITCH_HEIGHT - 3}"),
            color=ink,
        )
    )
    return [_caption(theme), areas, numbers, dashes, *([_all_off(theme)] if by_itself else [])]


def _caption(theme: Theme) -> alt.Chart:
    style: dict[str, Any] = {"fontSize": 12, "fontWeight": 600, "color": theme.faint, "baseline": "middle"}
    of_one = "switches === 1 && (data('switches')[0] || {}).name !== 'all'"
    word = alt.ExprRef(f"{of_one} ? 'Head' : 'Heads'")
    return once().mark_text(text=word, align="left", **style).encode(
        x=alt.value(1), y=alt.value(SWITCH_HEIGHT / 2)
    )  # fmt: skip


def _all_off(theme: Theme) -> alt.Chart:
    return (
        once()
        .transform_filter("heads_on === 0")
        .mark_text(text="Every head is switched off.", fontSize=13, color=theme.faint)
        .encode(x=computed("width / 2"), y=computed("top + row * 1.5"))
    )
