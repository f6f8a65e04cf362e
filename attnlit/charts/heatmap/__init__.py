"""The heat map of one head, and of what one head does differently in two texts."""

from attnlit.charts.heatmap.difference import difference_map, difference_picture, difference_table
from attnlit.charts.heatmap.view import HOW_TO, heatmap, heatmap_picture

__all__ = ["HOW_TO", "difference_map", "difference_picture", "difference_table", "heatmap", "heatmap_picture"]
