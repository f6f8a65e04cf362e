"""A chart in two parts: a specification built once, and small tables that change.

Altair validates a chart every time it becomes a dictionary (12-30 ms). So each view builds its Altair chart once
per *shape* (number of tokens, heads, theme ...), keeps the dictionary, and afterwards only swaps the tables.
Streamlit then patches the living view in place: no flicker, and pins and hovers survive.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import altair as alt
import pyarrow as pa


@dataclass(frozen=True, eq=False)
class Picture:
    """What the app shows: `st.altair_chart` takes it as it takes an Altair chart."""

    spec: dict[str, Any]  # frozen: shared by every picture of this shape, never written to
    tables: dict[str, pa.Table]  # by the names that the spec's data sources carry
    notes: tuple[str, ...] = ()  # sentences that belong under the picture: what share is shown, from which weight on

    def to_dict(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The specification with its tables as Arrow streams, the form that Streamlit's front end reads."""
        return {**self.spec, "datasets": {name: arrow_stream(table) for name, table in self.tables.items()}}


def arrow_stream(table: pa.Table) -> bytes:
    """A table as an Arrow IPC stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def chart_with_data(chart: alt.TopLevelMixin, tables: dict[str, pa.Table]) -> Any:
    """The Altair chart itself with its tables inside, for a notebook, a file or an image."""
    whole = chart.copy(deep=False)
    whole.datasets = {
        name: [{column: _safe_in_html(value) for column, value in row.items()} for row in table.to_pylist()]
        for name, table in tables.items()
    }
    return whole


def _safe_in_html(value: Any) -> Any:
    """Text that draws the same but cannot end the script element that Altair writes it into.

    Altair puts the data into the page as it is, so a token `</script>` would become part of the page.
    """
    if not isinstance(value, str):
        return value
    return value.replace("</", "<\N{WORD JOINER}/").replace("<!", "<\N{WORD JOINER}!")
