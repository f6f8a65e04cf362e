"""The head view: `head_view` for notebooks, `head_picture` for the app, and what its clicks mean."""

from attnlit.charts.head.clicks import SELECTIONS, ChosenHeads, last_click, token_more
from attnlit.charts.head.data import head_shape, head_table
from attnlit.charts.head.notes import HOW_TO
from attnlit.charts.head.view import head_picture, head_view
from attnlit.charts.pinned import PinnedToken

__all__ = [
    "HOW_TO",
    "SELECTIONS",
    "ChosenHeads",
    "PinnedToken",
    "head_picture",
    "head_shape",
    "head_table",
    "head_view",
    "last_click",
    "token_more",
]
