"""A chart in two parts: a specification built once, and small tables that change.

Altair checks a chart every time it becomes a dictionary, which takes up to a second. So each view builds its
chart once a theme, keeps the dictionary, and afterwards only swaps the tables: all that differs between two
texts, layers or choices is in them. Streamlit patches new tables into the living view: no flicker, and what
the pointer is on stays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, wraps
from typing import Any

import pyarrow as pa

from attnlit.charts import kept
from attnlit.charts.later import alt
from attnlit.charts.theme import Theme

Spec = dict[str, Any]
# Gives the frozen specification of a view in a theme: the same object every time, never written to.
Draw = Callable[[Theme], Spec]


def frozen(build: Callable[[Theme], alt.LayerChart]) -> Draw:
    """A view's specification: the kept one, or one that is built once a theme."""

    @lru_cache(maxsize=8)
    @wraps(build)
    def draw(theme: Theme) -> Spec:
        return kept.find(build, theme) or kept.built(build, theme)

    return draw


@dataclass(frozen=True, eq=False)
class Picture:
    """What the app shows: `st.altair_chart` takes it as it takes an Altair chart."""

    draw: Draw
    theme: Theme
    # By the names that the specification's data sources carry.
    tables: dict[str, pa.Table]
    # How high it is, in pixels, at a width in pixels.
    height: Callable[[int], int]
    # Sentences that belong under the picture: what share is shown, how it is scaled.
    notes: tuple[str, ...] = ()
    # The same view where no server answers a click: a notebook, a saved page. None: the view has no clicks.
    draw_by_itself: Draw | None = None
    # What parameters of that one begin with: the pinned token.
    begins_with: Mapping[str, Any] = field(default_factory=dict)

    @property
    def spec(self) -> Spec:
        """The frozen specification, shared by every picture of this view and theme."""
        return self.draw(self.theme)

    @property
    def spec_by_itself(self) -> Spec:
        """The specification for where no server answers a click."""
        spec = (self.draw_by_itself or self.draw)(self.theme)
        return with_values(spec, self.begins_with) if self.begins_with else spec

    def to_dict(self, *args: Any, **kwargs: Any) -> Spec:
        """The specification with its tables as Arrow streams, the form that Streamlit's front end reads."""
        return {**self.spec, "datasets": {name: arrow_stream(table) for name, table in self.tables.items()}}


def arrow_stream(table: pa.Table) -> bytes:
    """A table as an Arrow IPC stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def rows_of(tables: Mapping[str, pa.Table]) -> dict[str, list[dict[str, Any]]]:
    """The tables as rows, as a specification holds them that carries its own data."""
    return {name: table.to_pylist() for name, table in tables.items()}


def with_values(spec: Spec, values: Mapping[str, Any]) -> Spec:
    """A copy of a specification with these values of its parameters."""
    parameters = [
        {**parameter, "value": values[parameter["name"]]} if parameter["name"] in values else parameter
        for parameter in spec.get("params", [])
    ]
    return {**spec, "params": parameters}
