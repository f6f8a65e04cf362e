"""Tokens as labels: what is written, and how much room it needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attnlit.attention.record import Token

JOINED = "·"  # before a piece that goes on with the word of the piece before it
CHARACTER_WIDTH = 0.56  # mean width of a character of the charts' font, as a share of the font size
_WIDTH_STEP = 24  # pixels: token columns are rounded up to this, so that few texts move the columns


def labels(tokens: Sequence[Token]) -> list[str]:
    """What is written for each token: "p", "·izz", "·a" for the pieces of one word."""
    texts = []
    before = None  # the last token before, also of several that are taken together
    for token in tokens:
        begins, ends = token.stretch or (token, token)
        goes_on = (
            before is not None
            and begins.word is not None
            and (begins.segment, begins.word) == (before.segment, before.word)
            and begins.position == before.position + 1
        )
        texts.append(JOINED + token.text if goes_on else token.text)
        before = ends
    return texts


def row_height(rows: int) -> int:
    """Pixels for one token's row: generous for a sentence, tight for a page."""
    for most, height in ((24, 24), (40, 20), (72, 16), (160, 13)):
        if rows <= most:
            return height
    return 10


def font_size(row: int) -> int:
    """Font size that a row of this height holds."""
    return {24: 14, 20: 13, 16: 12, 13: 11}.get(row, 9)


def column_width(texts: Sequence[str], size: int, widest: int = 144) -> int:
    """Pixels for a column of tokens in this font size. A longer token is cut with an ellipsis."""
    longest = max((len(text) for text in texts), default=0)
    needed = longest * size * CHARACTER_WIDTH + 14
    steps = -(-int(needed) // _WIDTH_STEP)
    return min(widest, max(3, steps) * _WIDTH_STEP)
