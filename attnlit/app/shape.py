"""How a head is drawn: a long text as a heat map, unless somebody has chosen lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attnlit.charts.head import head_shape

if TYPE_CHECKING:
    from attnlit.attention import Attention

LONG_FROM = 60  # tokens: with as many, lines are higher than a screen
HEAT_MAP = "Heat map"


def is_long(attention: Attention) -> bool:
    """Whether a text is too long for lines between its tokens. Filters make no difference: nothing jumps."""
    return _tokens(attention) >= LONG_FROM


def why(attention: Attention, otherwise: str) -> str:
    """Why a text opens as a heat map. otherwise: a sentence that says how to get lines."""
    pixels = head_shape(attention, attention.heads).height
    return (
        f"A heat map, because this text has {_tokens(attention)} tokens: lines would be {pixels:,} pixels "
        f"high. {otherwise}"
    )


def _tokens(attention: Attention) -> int:
    return max(len(attention.queries), len(attention.keys))
