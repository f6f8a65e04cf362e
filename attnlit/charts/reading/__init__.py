"""The reading view: the text itself, shaded by what was read of it."""

from attnlit.charts.reading.view import HOW_TO, reading_picture, reading_view

__all__ = ["HOW_TO", "reading_picture", "reading_view"]
