"""Where things stand in the heat map: sizes that follow from the text, places that follow from the window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attnlit.charts.labels import CHARACTER_WIDTH, column_width
from attnlit.charts.later import alt
from attnlit.charts.vega import signal

NOWHERE = -9999  # no row or column: far from any
LABEL_SIZE = 12
LARGEST_CELL, SMALLEST_LABELLED_CELL = 44, 14  # pixels
USUAL_HEIGHT, MOST_HEIGHT = 560, 640  # of the matrix, pixels: with all else both ends fit on a screen
SLANT = 0.71  # a label at 45 degrees is so many times as high, and as wide, as it is long
SAID = 22  # pixels for the line that says where the token pointed at looks
BELOW = 34  # pixels under the matrix, for the legend


def sizes(queries: Sequence[str], keys: Sequence[str], *, says: bool = True) -> dict[str, Any]:
    """What follows from the labels of both sides; in pixels but for the two counts.

    says: a line above the matrix says where the token pointed at looks.
    """
    said_room = SAID if says else 0
    texts = [*queries, *keys]
    label_room = column_width(texts, LABEL_SIZE)
    by_labels = min(len(queries) * SMALLEST_LABELLED_CELL, MOST_HEIGHT)
    matrix_height = min(len(queries) * LARGEST_CELL, max(USUAL_HEIGHT, by_labels))
    longest = min(label_room, max(map(len, texts)) * LABEL_SIZE * CHARACTER_WIDTH)
    top = said_room + round(longest * SLANT) + 34
    return {
        "queries": len(queries),
        "keys": len(keys),
        "label_room": label_room,
        "matrix_height": matrix_height,
        "said_room": said_room,
        "top": top,
        "height": top + matrix_height + BELOW,
    }


def places() -> list[alt.Parameter]:
    """Places that hang on Vega's `width`. Cells are square where there is room."""
    return [
        signal("label_width", "min(label_room, max(80, width * 0.25))"),
        signal("slant", f"label_width * {SLANT} - 8"),  # the last column's label leans over the edge
        signal("cell_height", "matrix_height / queries"),
        signal("fitting", "min(cell_height, (width - label_width - slant) / keys)"),
        signal("cell_width", "fitting < 4 ? fitting : floor(fitting)"),
        signal("matrix_width", "cell_width * keys"),
        signal("left", "label_width"),
        signal("row_step", "ceil(14 / cell_height)"),  # every so many rows have a label
        signal("column_step", "ceil(17 / cell_width)"),
    ]
