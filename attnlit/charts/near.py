"""One layer of the grid once more, in cells that a finger can hit, where the grid's own are too small.

Of 32 heads a phone shows cells of 10 pixels. A tap on one chooses its layer, roughly its head; below the grid
that layer's heads then stand large, as many in a row as have room.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from attnlit.charts.later import alt
from attnlit.charts.theme import Theme
from attnlit.charts.vega import computed, once, signal, table

SMALL = 24  # pixels: in narrower cells a finger meets the one beside it (WCAG 2.2, 2.5.8)
FEW = 13  # heads: so many have larger cells on every phone
LARGE = 40  # pixels: cells are at least as large
WORDS = 24  # pixels above the cells, for the line that says which layer this is
NUMBER = 15  # pixels above each row of cells, for the numbers of heads
CELLS = "near_cells"  # the layer whose marks are clicked

NEAR_Y = f"near_top + floor(datum.column / near_columns) * (near_cell + {NUMBER}) + {NUMBER}"


def near_x(left: int) -> str:
    """Left edge of a large cell, in Vega's language. left: pixels for the numbers of layers."""
    return f"{left} + datum.column % near_columns * near_cell"


def near_table(cells: pa.Table, row: int | None, heads: int) -> pa.Table:
    """The cells of one row of the grid; none where no row is chosen."""
    return cells.slice(0 if row is None else row * heads, 0 if row is None else heads)


def near_signals(left: int) -> list[alt.Parameter]:
    """How large the cells are and how many stand in a row; `near_height` is 0 where the grid's are enough."""
    return [
        signal("near_on", f"length(data('near')) > 0 && cell_width < {SMALL}"),
        signal("near_columns", f"max(1, floor((width - {left}) / {LARGE}))"),
        signal("near_cell", f"floor((width - {left}) / near_columns)"),
        signal("near_rows", "ceil(length(data('near')) / near_columns)"),
        signal("near_height", f"near_on ? {WORDS} + near_rows * (near_cell + {NUMBER}) : 0"),
        signal("near_top", f"grid_bottom + {WORDS}"),
    ]


def near_height(heads: int, left: int, width: int) -> int:
    """How high the layer is below a grid of this width, in pixels."""
    if heads <= FEW or (width - left) // heads >= SMALL:
        return 0
    columns = max(1, (width - left) // LARGE)
    return WORDS + -(-heads // columns) * ((width - left) // columns + NUMBER)


def on_near_cell(base: alt.Chart, left: int, margin: float = 0, **mark: Any) -> alt.Chart:
    """A rectangle on the large cell of each datum, `margin` pixels larger; none where there are none."""
    x = near_x(left)
    return (
        base.transform_filter("near_on")
        .mark_rect(cornerRadius=3, **mark)
        .encode(
            x=computed(f"{x} - {margin}"),
            x2=computed(f"{x} + near_cell - 2 + {margin}"),
            y=computed(f"{NEAR_Y} - {margin}"),
            y2=computed(f"{NEAR_Y} + near_cell - 2 + {margin}"),
        )
    )


def near_marks(
    content: Sequence[alt.Chart], tooltip: Any, theme: Theme, left: int
) -> tuple[list[alt.Chart], list[alt.Chart]]:
    """What is seen of the layer, and on top of all what is clicked. content: what its cells hold."""
    words = (
        once()
        .transform_filter("near_on")
        .mark_text(align="left", baseline="middle", fontSize=12, fontWeight=600, color=theme.text)
        .encode(
            x=alt.XValue(left),
            y=computed(f"grid_bottom + {WORDS / 2 + 3}"),
            text=computed("'Layer ' + (data('near')[0] || {}).layer + ', larger'"),
        )
    )
    numbers = (
        table("near")
        .transform_filter("near_on")
        .mark_text(align="center", baseline="bottom", fontSize=11, color=theme.faint)
        .encode(
            x=computed(f"{near_x(left)} + near_cell / 2 - 1"),
            y=computed(f"{NEAR_Y} - 2"),
            text=computed("(data('head_labels')[datum.column] || {}).text"),
        )
    )
    ground = on_near_cell(table("near"), left, color=theme.panel)
    frame = on_near_cell(table("current"), left, margin=1, fillOpacity=0, stroke=theme.text, strokeWidth=2.5)
    touched = alt.selection_point("near_touched", on=f"@{CELLS}_marks:click", clear=False, empty=False)
    clicked = (
        on_near_cell(table("near", name=CELLS), left, fillOpacity=0, cursor="pointer")
        .encode(tooltip=tooltip)
        .add_params(touched)  # a mark without a selection does not feel the pointer
    )
    return [words, numbers, ground, *content, frame], [clicked]
