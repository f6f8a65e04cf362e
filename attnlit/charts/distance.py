"""Curves over the distance between a query and its keys: how attention falls, before and after a change."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import numpy as np

from attnlit.charts.axes import axis, fitted
from attnlit.charts.later import alt
from attnlit.charts.notebook import notebook_chart
from attnlit.charts.packed_text import rows_table
from attnlit.charts.picture import Picture, frozen
from attnlit.charts.theme import LIGHT, Theme
from attnlit.charts.vega import computed, once, setup_signals, signal, table
from attnlit.wording import number_text

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

HEIGHT = 320  # pixels
TARGET = 250  # square pixels around each point, in which the pointer finds it
NAME_ROW = 20  # pixels for a row of curves' names
BELOW = 24  # pixels under the axis, for what it shows
DASH = (4, 4)  # of curves that others are compared with
_NAMES_A_ROW = "(width < 420 ? 1 : 2)"


def distance_picture(
    rows: pd.DataFrame, *, title: str, form: str, dashed: Collection[str] = (), theme: Theme = LIGHT
) -> Picture:
    """The curves, for the app: `st.altair_chart(picture, key=..., theme=None)`.

    `rows` has the columns distance (query's position less the key's; negative distances lie after the
    query), curve (its name; curves have colours in the order in which they appear), value, and pairs (how
    many pairs of tokens a point rests on). NaN is a gap. `title` says what the value is, `form` how it is
    written, in a format that Python and d3 share: ".1%". `dashed` curves are what the others are compared
    with: drawn grey and dashed. All pictures of a theme share one specification.
    """
    tables = _tables(rows, title, form, dashed, theme)
    return Picture(theme_spec, theme, tables, height=lambda _: HEIGHT)


def distance_chart(
    rows: pd.DataFrame,
    *,
    title: str,
    form: str,
    dashed: Collection[str] = (),
    theme: Theme = LIGHT,
    width: int = 640,
) -> alt.LayerChart:
    """The curves as an Altair chart, to show in a notebook or to save; see `distance_picture`."""
    picture = distance_picture(rows, title=title, form=form, dashed=dashed, theme=theme)
    return notebook_chart(picture, width)


def _tables(
    rows: pd.DataFrame, title: str, form: str, dashed: Collection[str], theme: Theme
) -> dict[str, pa.Table]:
    names = list(dict.fromkeys(rows["curve"]))
    solid = [name for name in names if name not in dashed]
    colours = {name: theme.heads[place % len(theme.heads)] for place, name in enumerate(solid)}
    known = rows[rows["value"].notna()]
    both_ways = bool((rows["distance"] < 0).any())
    distance = known["distance"].to_numpy()
    return {
        "setup": rows_table(
            curves=[len(names) if len(names) > 1 else 0],  # a single curve needs no name
            axis_form=["~%" if form.endswith("%") else "~g"],
            title=[title],
            along=["← tokens before the query · tokens after it →" if both_ways else "distance: tokens back"],
        ),
        "curves": rows_table(
            place=np.arange(len(names), dtype=np.int16),
            curve=names,
            colour=[colours.get(name, theme.faint) for name in names],
            dashed=[name in dashed for name in names],
        ),
        "points": rows_table(
            # Before the query is on the left where there is an after.
            across=-distance if both_ways else distance,
            distance=distance,
            where=[_key_in_words(each) for each in distance],
            curve=known["curve"].tolist(),
            colour=[colours.get(name, theme.faint) for name in known["curve"]],
            dashed=[name in dashed for name in known["curve"]],
            value=known["value"].to_numpy(float),
            text=[number_text(each, form) for each in known["value"]],
            pairs=[f"{each:,}" for each in known["pairs"]],
        ),
    }


def _key_in_words(distance: int) -> str:
    if not distance:
        return "the token itself"
    tokens = "token" if abs(distance) == 1 else "tokens"
    return f"{abs(distance)} {tokens} {'before' if distance > 0 else 'after'}"


# ------------------------------------------------------------------------------------------------- the chart


@frozen
def theme_spec(theme: Theme) -> alt.LayerChart:
    """The curves without their data: names and colours travel with them."""
    steps = axis(theme, labelExpr="format(abs(datum.value), 'd')", tickMinStep=1, grid=False)
    sizes = axis(theme, labelExpr="format(datum.value, axis_form)", tickCount=5)
    top = alt.ExprRef("top")
    points = table("points").encode(
        x=alt.X("across:Q", scale=alt.Scale(nice=False, padding=6), axis=steps),
        y=alt.Y("value:Q", axis=sizes, scale=alt.Scale(range=[alt.ExprRef("height"), top])),
    )
    colour = alt.Color("colour:N", scale=None)
    lines = [
        points.transform_filter(f"datum.dashed === {str(dashed).lower()}")
        .mark_line(strokeWidth=2.5, clip=True, strokeDash=list(DASH) if dashed else [1, 0])
        .encode(color=colour, detail="curve:N")
        for dashed in (False, True)
    ]
    dots = points.mark_point(size=TARGET, filled=True, opacity=0).encode(
        tooltip=[
            alt.Tooltip("curve:N", title="Curve"),
            alt.Tooltip("where:N", title="Key"),
            alt.Tooltip("text:N", title="Value"),
            alt.Tooltip("pairs:N", title="Pairs"),
        ]
    )
    chart: Any = alt.layer(*lines, dots, *_names(theme), *_titles(theme)).add_params(
        *setup_signals(curves=0, axis_form="~g"),
        signal("names_height", f"ceil(curves / {_NAMES_A_ROW}) * {NAME_ROW}"),
        signal("top", f"names_height + {NAME_ROW + 8}"),
    )
    chart.resolve = alt.Resolve(scale=alt.ScaleResolveMap(color="independent"))
    return fitted(chart, theme, HEIGHT, BELOW)


def _names(theme: Theme) -> list[alt.Chart]:
    """A short line of each curve with its name, above the curves."""
    x = f"datum.place % {_NAMES_A_ROW} * width / {_NAMES_A_ROW}"
    y = computed(f"floor(datum.place / {_NAMES_A_ROW}) * {NAME_ROW} + {NAME_ROW / 2}")
    several = table("curves").transform_filter("curves > 0")
    strokes = [
        several.transform_filter(f"datum.dashed === {str(dashed).lower()}")
        .mark_rule(strokeWidth=3, strokeDash=list(DASH) if dashed else [1, 0])
        .encode(x=computed(x), x2=computed(f"{x} + 20"), y=y, color=alt.Color("colour:N", scale=None))
        for dashed in (False, True)
    ]
    room = alt.ExprRef(f"width / {_NAMES_A_ROW} - 34")
    words = several.mark_text(align="left", baseline="middle", fontSize=13, color=theme.text, limit=room)
    return [*strokes, words.encode(x=computed(f"{x} + 26"), y=y, text="curve:N")]


def _titles(theme: Theme) -> list[alt.Chart]:
    """What the values are, above them; what the distance is, under the axis."""
    style: dict[str, Any] = {"fontSize": 12, "color": theme.faint, "baseline": "middle"}
    value = once().mark_text(align="left", **style)
    along = once().mark_text(align="center", **style)
    return [
        value.encode(x=alt.value(0), y=computed(f"names_height + {NAME_ROW / 2}"), text="title:N"),
        along.encode(x=computed("width / 2"), y=computed(f"height + {BELOW + 10}"), text="along:N"),
    ]
