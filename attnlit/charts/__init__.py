"""Pictures of attention, as Vega-Lite specifications that are built once and tables that change.

A chart is a module or package with a public function `..._picture`. Its specification is named here, so that
a server can build them all before they are asked for, and tests can hold them all to the same rules.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attnlit.charts.picture import Draw

SPECS = {
    "head": "attnlit.charts.head.spec",
    "head_rows": "attnlit.charts.head.rows",
    "model": "attnlit.charts.model.spec",
    "neuron": "attnlit.charts.neuron.spec",
    "heatmap": "attnlit.charts.heatmap.spec",
    "head_map": "attnlit.charts.head_map",
    "head_points": "attnlit.charts.head_points",
    "distance": "attnlit.charts.distance",
    "dimensions": "attnlit.charts.dimensions",
    "flow": "attnlit.charts.flow.spec",
    "reading": "attnlit.charts.reading.spec",
    "flow_strips": "attnlit.charts.flow.strips",
    "word_strip": "attnlit.charts.word_strip",
    "writing": "attnlit.charts.writing.spec",
}


def specs() -> dict[str, Draw]:
    """What builds each chart's specification in a theme, and gives the same one ever after."""
    return {name: import_module(module).theme_spec for name, module in SPECS.items()}
