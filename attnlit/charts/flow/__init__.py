"""The picture of flow: where one token's information came from, layer by layer, beside uniform attention."""

from attnlit.charts.flow.view import HOW_TO, flow_picture, flow_view

__all__ = ["HOW_TO", "flow_picture", "flow_view"]
