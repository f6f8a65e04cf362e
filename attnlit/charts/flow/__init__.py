"""The picture of flow: where one token's information came from, layer by layer, beside uniform attention."""

from attnlit.charts.flow.view import flow_picture, flow_view, how_to

__all__ = ["flow_picture", "flow_view", "how_to"]
