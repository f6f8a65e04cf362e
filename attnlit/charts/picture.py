"""A chart in two parts: a specification built once, and small tables that change.

Altair checks a chart every time it becomes a dictionary, which takes up to a second. So each view builds its
chart once a theme with named *parameters* for its sizes, keeps the dictionary, and afterwards only sets the
parameters' values and swaps the tables. Streamlit patches new tables into the living view: no flicker, and
pins and hovers survive.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import altair as alt
import pyarrow as pa

from attnlit.charts.rendering import cleaned


@dataclass(frozen=True, eq=False)
class Picture:
    """What the app shows: `st.altair_chart` takes it as it takes an Altair chart."""

    spec: dict[str, Any]  # frozen: shared by every picture of this shape, never written to
    tables: dict[str, pa.Table]  # by the names that the spec's data sources carry
    notes: tuple[str, ...] = ()  # sentences that belong under the picture: what share is shown, how scaled

    def to_dict(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The specification with its tables as Arrow streams, the form that Streamlit's front end reads."""
        return {**self.spec, "datasets": {name: arrow_stream(table) for name, table in self.tables.items()}}


def arrow_stream(table: pa.Table) -> bytes:
    """A table as an Arrow IPC stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def with_values(spec: dict[str, Any], values: Mapping[str, Any], height: int) -> dict[str, Any]:
    """A copy of a specification with another height and with these values of its parameters."""
    parameters = [
        {**parameter, "value": values[parameter["name"]]} if parameter["name"] in values else parameter
        for parameter in spec["params"]
    ]
    return {**spec, "height": height, "params": parameters}


def rows_of(tables: Mapping[str, pa.Table]) -> dict[str, list[dict[str, Any]]]:
    """The tables as rows, as a specification holds them that carries its own data."""
    return {name: table.to_pylist() for name, table in tables.items()}


def chart_with_data(chart: alt.TopLevelMixin, tables: dict[str, pa.Table]) -> Any:
    """The Altair chart itself with its tables inside, for a notebook, a file or an image."""
    whole = chart.copy(deep=False)
    whole.datasets = {
        name: [{column: _harmless(value) for column, value in row.items()} for row in rows]
        for name, rows in rows_of(tables).items()
    }
    return whole


def _harmless(value: Any) -> Any:
    """Text that can end neither what draws a saved chart nor the script in which a saved page holds it.

    Altair hands a chart to the native renderer, and writes it into a page, as it is. A token `</script>`
    would end the script and begin markup: a zero-width space after each "<" prevents that and changes nothing
    that is seen.
    """
    return cleaned(value).replace("<", "<\u200b") if isinstance(value, str) else value
