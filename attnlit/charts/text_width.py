"""How wide a text is in the charts' font: running text is laid out here, before a browser measures it."""

from __future__ import annotations

import unicodedata

# Of Source Sans, regular, in hundredths of the font size: the characters from the space to the tilde.
_ASCII = (
    20, 29, 43, 50, 50, 83, 61, 25, 31, 31, 42, 50, 25, 32, 25, 35, 50, 50, 50, 50, 50, 50, 50, 50, 50, 50,
    25, 25, 50, 50, 50, 43, 85, 55, 59, 58, 62, 53, 50, 62, 66, 27, 48, 58, 49, 73, 65, 67, 57, 67, 57, 54,
    54, 65, 52, 79, 52, 48, 54, 31, 35, 31, 50, 50, 55, 51, 56, 46, 56, 50, 30, 51, 55, 25, 25, 50, 26, 83,
    55, 55, 56, 56, 35, 42, 34, 55, 47, 72, 45, 47, 43, 31, 25, 31, 50,
)  # fmt: skip
_WIDE, _USUAL = 1.02, 0.62  # of signs that fill a square, such as 漢 and emoji, and of other letters
_SPARE = 1.01  # another font may have to stand in


def text_width(text: str, size: float) -> float:
    """Pixels of a text in this font size, a little too many rather than too few."""
    return size * _SPARE * sum(map(_width, text))


def _width(character: str) -> float:
    code = ord(character)
    if 32 <= code < 127:
        return _ASCII[code - 32] / 100
    if unicodedata.east_asian_width(character) in "WF" or code > 0xFFFF:
        return _WIDE
    return 0.0 if unicodedata.category(character) in ("Mn", "Me", "Cf") else _USUAL
