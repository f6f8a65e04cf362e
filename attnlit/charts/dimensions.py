"""Bars, a number for each dimension of a head: which of them carry a score, or its fall with distance."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np

from attnlit.charts.axes import axes
from attnlit.charts.marks import rows_table
from attnlit.charts.picture import Picture, chart_with_data
from attnlit.charts.theme import LIGHT, Theme

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

MOST_BARS = 12  # dimensions with a bar of their own
ROW = 23  # pixels
ROOM = 0.25  # of the bars' whole span, beside the longest one, for its number


def dimensions_picture(
    table: pd.DataFrame,
    value: str,
    *,
    form: str,
    added: float = 0.0,
    theme: Theme = LIGHT,
) -> Picture:
    """The bars, for the app: ``st.altair_chart(picture, key=..., theme=None)``.

    ``table`` has the column dimension and the column named ``value``; its first rows get a bar each, the
    others share one. ``added``, unless 0, is a last bar: what no dimension carries but the model adds.
    ``form``: how a number is written, as in Python: ".0%".
    """
    tables = _tables(table, value, form, added)
    return Picture({**_spec(theme), "height": _height(tables)}, tables)


def dimensions_chart(
    table: pd.DataFrame,
    value: str,
    *,
    form: str,
    added: float = 0.0,
    theme: Theme = LIGHT,
    width: int = 480,
) -> alt.LayerChart:
    """The bars as an Altair chart, to show in a notebook or to save; see `dimensions_picture`."""
    tables = _tables(table, value, form, added)
    chart = _chart(theme)
    chart.width, chart.height = width, _height(tables)
    return chart_with_data(chart, tables)


def _height(tables: dict[str, pa.Table]) -> int:
    return ROW * len(tables["bars"]) + 10


def _tables(table: pd.DataFrame, value: str, form: str, added: float) -> dict[str, pa.Table]:
    own, others = table.iloc[:MOST_BARS], table.iloc[MOST_BARS:]
    names = [f"dimension {each}" for each in own["dimension"]]
    values = own[value].tolist()
    if len(others):
        names.append(f"{len(others)} others together")
        values.append(float(others[value].sum(skipna=False)))
    if added:
        names.append("added by the model")
        values.append(added)
    ink = ["below" if each < 0 else "above" for each in values[: len(own)]]
    sizes = np.nan_to_num(np.array(values, float))
    low, high = min(0.0, sizes.min()), max(0.0, sizes.max())
    room = ROOM * (high - low)
    return {
        "bars": rows_table(
            name=names,
            place=np.arange(len(names)),
            value=sizes,
            text=[format(each, form).replace("-", "−") if np.isfinite(each) else "–" for each in values],
            ink=ink + ["together"] * (len(names) - len(own)),
        ),
        "room": rows_table(value=[low - room * (low < 0), high + room * (high > 0)]),
    }


@lru_cache(maxsize=8)
def _spec(theme: Theme) -> dict[str, Any]:
    """The frozen specification: shared, never written to."""
    spec: dict[str, Any] = _chart(theme).to_dict()
    return spec


def _chart(theme: Theme) -> alt.LayerChart:
    names = alt.Axis(title=None, ticks=False, domain=False, labelColor=theme.text, labelLimit=160)
    x = alt.X("value:Q", axis=None, scale=alt.Scale(nice=False))
    # By a column: without it Vega keeps the order in which it first saw the names, whatever comes after.
    order = alt.EncodingSortField("place", op="min")
    bars = alt.Chart(alt.NamedData("bars")).encode(x=x, y=alt.Y("name:N", sort=order, axis=names))
    colour = alt.Color(
        "ink:N",
        scale=alt.Scale(
            domain=["above", "below", "together"],
            range=[theme.positive, theme.negative, theme.faint],
        ),
        legend=None,
    )
    numbers = bars.mark_text(
        align=alt.ExprRef("datum.value < 0 ? 'right' : 'left'"),
        dx=alt.ExprRef("datum.value < 0 ? -5 : 5"),
        baseline="middle",
        fontSize=12,
        color=theme.text,
    )
    room = alt.Chart(alt.NamedData("room")).mark_point(opacity=0).encode(x=x)
    zero = alt.Chart(alt.NamedData("room")).mark_rule(color=theme.rule).encode(x=alt.XDatum(0, axis=None))
    layers = (room, zero, bars.mark_bar(height=14, cornerRadius=2).encode(color=colour))
    return axes(alt.layer(*layers, numbers.encode(text="text:N")), 300, theme)
