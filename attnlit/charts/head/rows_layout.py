"""Where tokens stand in rows: their rooms, side by side, as wide as what is written in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from attnlit.charts.labels import labels
from attnlit.charts.packed_text import rows_table
from attnlit.charts.reading.layout import direction_of
from attnlit.charts.text_width import text_width

if TYPE_CHECKING:
    from attnlit.attention import Attention
    from attnlit.attention.record import Token
    from attnlit.charts.head.layout import HeadShape

FONT_SIZE = 14
ROW = 26  # pixels: height of a row of tokens
LINES = 230  # pixels between the two rows
NUMBERS = 32  # pixels beside a row for "100%", upright
TITLE = 20  # pixels below the keys for what they are
LONG = 900  # pixels: beyond that a usual window has no room for all tokens
EDGE = 4  # pixels to the window's edge
_SPARE, _LEAST, _MOST = 9, 20, 150  # pixels of a token's room: beside its text, and its bounds


def rows_notes(tables: dict[str, pa.Table]) -> tuple[str, ...]:
    """The sentence about a text that is long for rows."""
    (setup,) = tables["setup"].to_pylist()
    if setup["total"] <= LONG:
        return ()
    return ("This text is long for rows: tokens that are cut off here are shown whole in columns.",)


def rows_height(shape: HeadShape) -> int:
    """Pixels of the whole picture. shape: the same picture's in columns."""
    return shape.top + 2 * (NUMBERS + ROW) + LINES + TITLE


def _rooms(texts: Sequence[str]) -> tuple[float, ...]:
    return tuple(round(min(_MOST, max(_LEAST, text_width(text, FONT_SIZE) + _SPARE)), 1) for text in texts)


def in_rows(tables: dict[str, pa.Table], attention: Attention, shape: HeadShape) -> dict[str, pa.Table]:
    """The head view's tables with what rows need in addition: each token's place along its row, and its room.

    shape: of the picture in columns.
    """
    rooms = {"query": _rooms(labels(attention.queries)), "key": _rooms(labels(attention.keys))}
    total = max(sum(row) for row in rooms.values())
    leftwards = runs_leftwards((*attention.queries, *attention.keys))
    places = {side: _middles(row, total, leftwards=leftwards) for side, row in rooms.items()}
    more: dict[str, Any] = {
        "row": ROW,
        "wide_height": rows_height(shape),
        "font_size": FONT_SIZE,
        "total": total,
        "least_room": min(min(row) for row in rooms.values()),
        "leftwards": int(leftwards),
    }
    for side in rooms:
        more |= {f"{side}_places": _listed(places[side]), f"{side}_rooms": _listed(rooms[side])}
    (setup,) = tables["setup"].to_pylist()
    tokens = tables["tokens"].append_column("along", pa.array([*places["query"], *places["key"]]))
    return {
        **tables,
        "setup": rows_table(**{name: [value] for name, value in (setup | more).items()}),
        "tokens": tokens.append_column("room", pa.array([*rooms["query"], *rooms["key"]])),
    }


def runs_leftwards(tokens: Sequence[Token]) -> bool:
    """Whether more of the tokens are written from right to left than from left to right."""
    runs = [direction_of(token.text) for token in tokens if not token.special]
    return runs.count(-1) > runs.count(1)


def _middles(rooms: Sequence[float], total: float, *, leftwards: bool) -> list[float]:
    """The middle of each token's room, from the left; a row that runs leftwards begins at `total`."""
    ends = np.cumsum(rooms)
    middles = ends - np.array(rooms) / 2
    return [round(float(each), 1) for each in (total - middles if leftwards else middles)]


def _listed(values: Sequence[float]) -> str:
    return ",".join(f"{value:g}" for value in values)
