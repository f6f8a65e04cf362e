"""Where things stand in the neuron view: six columns that share the window's width."""

from __future__ import annotations

from attnlit.charts.labels import row_height
from attnlit.charts.later import alt
from attnlit.charts.vega import setup_signals, signal

TOP = 82  # pixels for instruction, legend and titles
SCORE_NUMBER = 58  # pixels for "-123.45"
WEIGHT_NUMBER = 42  # pixels for "0.123"
WIDE = 520  # pixels from which on q and k are shown too
FULL_NAMES = 96  # pixels of a column from which on it has its full name
FARTHEST = 10.0  # below the largest score bars end: the softmax makes of it 1/22,000

BEFORE_DATA = {
    "query": 0, "first": 0, "last": 0, "queries": 1, "keys": 1, "dimensions": 1, "row_height": 1,
    "height": 400, "font_size": 14, "token_room": 72, "reach": 1, "value_unit": 1,
}  # fmt: skip


def height(queries: int, keys: int) -> int:
    """Pixels for a text of this many tokens."""
    return TOP + max(queries, keys) * row_height(max(queries, keys)) + 4


def signals(by_itself: bool) -> list[alt.Parameter]:
    """The expressions that the marks share: which query is shown, and where the columns stand."""
    return [
        *setup_signals(**BEFORE_DATA),
        # The query under the pointer, if its numbers are loaded, else the chosen one.
        signal("clicked", "pin.query ? pin.query[0] : -1" if by_itself else "-1"),
        signal("chosen", f"{is_loaded('clicked')} ? clicked : query"),
        signal("pointed", "hover.query ? hover.query[0] : -1"),
        signal("active", f"{is_loaded('pointed')} ? pointed : chosen"),
        signal("active_key", "key_hover.key ? key_hover.key[0] : -1"),
        # Columns share what the tokens and the numbers leave; in a narrow window q and k give way.
        signal("wide", f"width >= {WIDE}"),
        signal("token_width", "min(token_room, max(52, round(width * 0.17)))"),
        signal("gap", "width >= 720 ? 14 : 8"),
        signal("spare", f"width - 2 * token_width - {SCORE_NUMBER + WEIGHT_NUMBER} - gap * (wide ? 5 : 4)"),
        signal("part", "spare / (wide ? 11.8 : 5.5)"),
        signal("strip_width", "part * (wide ? 2.8 : 2.6)"),
        signal("dimension_width", "strip_width / dimensions"),
        signal("score_width", "part * (wide ? 1.2 : 1.3)"),
        signal("weight_width", "part * (wide ? 1.4 : 1.6)"),
        signal("q_x", "token_width + gap"),
        signal("fan_x", "q_x + strip_width + 4"),
        signal("k_x", "fan_x + part * 0.8"),
        signal("product_x", "wide ? k_x + strip_width + gap : token_width + gap"),
        signal("score_x", "product_x + strip_width + gap"),
        signal("zero_x", "score_x + score_width"),
        signal("score_end", f"zero_x + {SCORE_NUMBER}"),
        signal("weight_x", "score_end + gap"),
        signal("weight_end", f"weight_x + weight_width + {WEIGHT_NUMBER}"),
        signal("key_x", "width - token_width"),
        signal("keys_begin", "wide ? k_x : product_x"),
    ]


def is_loaded(place: str) -> str:
    """Whether the numbers of the query at this place have travelled, in Vega's language."""
    return f"({place} >= first && {place} <= last)"


def row_top(place: str) -> str:
    """Where a token's row begins, in Vega's language."""
    return f"{TOP} + {place} * row_height"


def row_middle(place: str) -> str:
    return f"{TOP} + ({place} + 0.5) * row_height"
