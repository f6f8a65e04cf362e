"""Bars, a number for each dimension of a head: which of them carry a score, or its fall with distance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from attnlit.charts.later import alt
from attnlit.charts.notebook import notebook_chart
from attnlit.charts.packed_text import rows_table
from attnlit.charts.picture import Picture, frozen
from attnlit.charts.theme import LIGHT, Theme
from attnlit.charts.vega import computed, framed, once, setup_signals, signal, table
from attnlit.wording import number_text

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

MOST_BARS = 12  # dimensions with a bar of their own
ROW, BAR = 23, 14  # pixels: of a bar with its room, and of the bar
NAMES = 136  # pixels for the names
NUMBER = 46  # pixels for a number beside a bar


def dimensions_picture(
    rows: pd.DataFrame,
    value: str,
    *,
    form: str,
    added: float = 0.0,
    theme: Theme = LIGHT,
) -> Picture:
    """The bars, for the app: `st.altair_chart(picture, key=..., theme=None)`.

    `rows` has the column dimension and the column named `value`; its first rows get a bar each, the others
    share one. `added`, unless 0, is a last bar: what no dimension carries but the model adds. `form`: how a
    number is written, as in Python: ".0%". All pictures of a theme share one specification.
    """
    tables = _tables(rows, value, form, added, theme)
    height = int(tables["setup"]["height"][0].as_py())
    return Picture(theme_spec, theme, tables, height=lambda _: height)


def dimensions_chart(
    rows: pd.DataFrame,
    value: str,
    *,
    form: str,
    added: float = 0.0,
    theme: Theme = LIGHT,
    width: int = 480,
) -> alt.LayerChart:
    """The bars as an Altair chart, to show in a notebook or to save; see `dimensions_picture`."""
    return notebook_chart(dimensions_picture(rows, value, form=form, added=added, theme=theme), width)


def _tables(rows: pd.DataFrame, value: str, form: str, added: float, theme: Theme) -> dict[str, pa.Table]:
    own, others = rows.iloc[:MOST_BARS], rows.iloc[MOST_BARS:]
    names = [f"dimension {each}" for each in own["dimension"]]
    values = own[value].tolist()
    if len(others):
        names.append(f"{len(others)} others together")
        values.append(float(others[value].sum(skipna=False)))
    if added:
        names.append("added by the model")
        values.append(added)
    colours = [theme.negative if each < 0 else theme.positive for each in values[: len(own)]]
    sizes = np.nan_to_num(np.array(values, float))
    return {
        "setup": rows_table(
            height=[ROW * len(names) + 10],
            bars=[len(names)],
            low=[float(min(0.0, sizes.min()))],
            high=[float(max(0.0, sizes.max()))],
        ),
        "bars": rows_table(
            place=np.arange(len(names), dtype=np.int16),
            name=names,
            value=sizes,
            text=[number_text(each, form) for each in values],
            colour=colours + [theme.faint] * (len(names) - len(own)),
        ),
    }


# ------------------------------------------------------------------------------------------------- the chart


@frozen
def theme_spec(theme: Theme) -> alt.LayerChart:
    """The bars without their data: names at the left, bars from a common zero, numbers at their ends."""
    middle = computed(f"(datum.place + 0.5) * {ROW}")
    end = "zero + datum.value * a_unit"
    word: dict[str, Any] = {"baseline": "middle", "fontSize": 12, "color": theme.text}
    names = table("bars").mark_text(align="right", limit=NAMES - 10, **word)
    bars = table("bars").mark_rect(cornerRadius=2, height=BAR, baseline="middle")
    numbers = table("bars").mark_text(
        align=alt.ExprRef("datum.value < 0 ? 'right' : 'left'"),
        dx=alt.ExprRef("datum.value < 0 ? -5 : 5"),
        **word,
    )
    line = once().mark_rule(color=theme.rule)
    chart: Any = alt.layer(
        line.encode(x=computed("zero"), y=alt.value(0), y2=computed(f"bars * {ROW}")),
        bars.encode(x=computed("zero"), x2=computed(end), y=middle, fill=alt.Fill("colour:N", scale=None)),
        names.encode(x=alt.XValue(NAMES - 6), y=middle, text="name:N"),
        numbers.encode(x=computed(end), y=middle, text="text:N"),
    ).add_params(
        *setup_signals(height=300, bars=1, low=0, high=1),
        # On either side of zero where there are bars, there must be room for their numbers.
        signal("before", f"{NAMES} + (low < 0 ? {NUMBER} : 0)"),
        signal("a_unit", f"max(10, width - before - (high > 0 ? {NUMBER} : 0)) / (high - low || 1)"),
        signal("zero", "before - low * a_unit"),
    )
    return framed(chart, theme)
