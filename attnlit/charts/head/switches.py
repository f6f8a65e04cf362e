"""The head view's switches: one a head, above the picture, each in its head's colour.

A click acts in the browser at once. In the app it is also told to the server, which draws the next picture.
"""

from __future__ import annotations

from attnlit.charts.head.layout import NOBODY, SWITCH_HEIGHT, SWITCH_ROW, SWITCHES_LEFT
from attnlit.charts.later import alt
from attnlit.charts.lettering import Word
from attnlit.charts.theme import DASHES, Theme
from attnlit.charts.vega import (
    click_selection,
    computed,
    double_click_or_tap,
    signal,
    table,
)

LEFT = f"{SWITCHES_LEFT} + datum.slot % switches_a_row * switch_width"
TOP = f"floor(datum.slot / switches_a_row) * {SWITCH_ROW}"

# How many heads are on before the one of a row with a `slot`: its lines stand in this place among theirs.
# Most of the time all are on: the browser then has few steps for each of many lines.
RANK = "(shown === switches ? datum.slot : length(split(slice(on, 0, datum.slot), '1')) - 1)"
_IS_ON = "on[datum.slot] === '1'"


def which_heads(by_itself: bool) -> list[alt.Parameter]:
    """Which heads are on, as a text: "0110" where those in slots 1 and 2 are.

    A click counts at once. In the app it is asked for, until the server has drawn a picture that answers this
    click; from then on the server says what is on. So a second click that comes before the answer to the
    first does not flicker back, and what is chosen elsewhere wins. A picture that nobody answers does not
    switch.
    """
    counts = "asked !== ''" if by_itself else f"asked !== '' && answered !== '{NOBODY}' && asked !== answered"
    return [
        signal("colour_list", "split(colours, ',')"),
        signal("dash_list", "split(dashes, ',')"),
        signal("dash_patterns", str([list(dash) for dash in DASHES])),
        signal("clicked", "heads.turned ? heads.turned[0] : ''"),
        signal("soloed", "solo.alone ? solo.alone[0] : ''"),
        signal("clicked_at", "toNumber(split(clicked, ' ')[1] || 0)"),
        signal("soloed_at", "toNumber(split(soloed, ' ')[1] || 0)"),
        signal("asked", "soloed_at > 0 && soloed_at >= clicked_at ? soloed : clicked"),
        signal("on", f"{counts} ? split(asked, ' ')[0] : on_before"),
        signal("shown", "length(split(on, '1')) - 1"),
        signal("switching", "switches > 1" if by_itself else f"switches > 1 && answered !== '{NOBODY}'"),
    ]


def _asking() -> dict[str, str]:
    """What a click on a switch asks for: all heads as they would then be, and when, as no two are alike.

    `turned`: this head off or on, and never none on; `alone`: it alone, and all if it is alone already.
    """
    before, after = "slice(on, 0, datum.slot)", "slice(on, datum.slot + 1)"
    turned = f"{_IS_ON} ? (shown > 1 ? {before} + '0' + {after} : on) : {before} + '1' + {after}"
    alone = (
        f"{_IS_ON} && shown === 1 ? replace(on, regexp('0', 'g'), '1')"
        " : pad('', datum.slot, '0') + '1' + pad('', length(on) - datum.slot - 1, '0')"
    )
    return {"turned": f"({turned}) + ' ' + now()", "alone": f"({alone}) + ' ' + now()"}


def _selections() -> list[alt.Parameter]:
    """What clicks on switches do. A double click comes as two clicks, which cancel out, and then as itself.

    The last click stays selected: it counts until it is answered, wherever the pointer has gone.
    """
    twice = double_click_or_tap("switch")
    return [
        click_selection("heads", "switch", fields=["turned"], clear=False),
        click_selection("solo", "switch", fields=["alone"], on=twice, clear=False),
    ]


def switches(theme: Theme) -> list[alt.Chart]:
    """The switches with their numbers, and under the later ones the dashes of their lines."""
    what = "'. Click: off or on. Double click: only this one.'"
    areas = (
        table("switches", name="switch")
        .transform_calculate(**_asking())
        .mark_rect(
            align="left", baseline="top", cornerRadius=4, height=SWITCH_HEIGHT,
            width=alt.ExprRef("switch_width - 3"),
            cursor=alt.ExprRef("switching ? 'pointer' : 'default'"),
        )
        .encode(
            x=computed(LEFT),
            y=computed(TOP),
            fill=alt.Fill("colour:N", scale=None),
            fillOpacity=alt.condition(_IS_ON, alt.value(1), alt.value(0.16)),
            tooltip=computed(f"'Head ' + datum.name + (switching ? {what} : '')"),
        )
        .add_params(*_selections())
    )  # fmt: skip
    ink = alt.condition(_IS_ON, alt.Color("ink:N", scale=None), alt.value(theme.faint))
    numbers = (
        table("switches")
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
        .transform_filter("datum.dash > 0")
        .mark_rule(strokeWidth=1.5, strokeDash=alt.ExprRef("dash_patterns[datum.dash]"))
        .encode(
            x=computed(f"{LEFT} + 3"),
            x2=computed(f"{LEFT} + switch_width - 6"),
            y=computed(f"{TOP} + {SWITCH_HEIGHT - 3}"),
            color=ink,
        )
    )
    return [areas, numbers, dashes]


def caption() -> Word:
    """What stands before the switches."""
    of_one = "switches === 1 && (data('switches')[0] || {}).name !== 'all'"
    return Word(f"{of_one} ? 'Head' : 'Heads'", "1", str(SWITCH_HEIGHT / 2), "'left'", size=12, weight=600)
