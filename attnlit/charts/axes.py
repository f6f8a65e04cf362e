"""The look of charts that have axes."""

from __future__ import annotations

from typing import Any

from attnlit.charts.later import alt
from attnlit.charts.theme import Theme
from attnlit.charts.vega import quiet


def axis(theme: Theme, **more: Any) -> alt.Axis:
    """An axis in quiet colours, without a title: charts write their own. more: `alt.Axis`'s options."""
    usual: dict[str, Any] = {
        "title": None,
        "labelColor": theme.faint,
        "labelFontSize": 12,
        "gridColor": theme.rule,
        "domainColor": theme.rule,
        "tickColor": theme.rule,
    }
    return alt.Axis(**(usual | more))


def fitted(chart: alt.LayerChart, theme: Theme, height: int, below: int) -> alt.LayerChart:
    """A chart with axes that stretches with the page. height, below: pixels, of all and under the axis."""
    chart.height, chart.width = height, 640
    chart.padding = {"left": 0, "right": 4, "top": 4, "bottom": below}
    chart.autosize = alt.AutoSizeParams(type="fit", contains="padding")
    chart.config = quiet(theme)
    return chart
