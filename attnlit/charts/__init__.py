"""Pictures of attention, as Vega-Lite specifications that are built once and tables that change.

A chart is a module or package with a public function `..._picture`. Its specification is named here, so that
all of them travel with the package (see `kept`), and tests can hold all of them to the same rules.
"""

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
