"""The order in which texts are read: those of similar length together, so that many share a forward pass.

It follows from the texts alone. So whoever reads them, in one process or in many, lets the same texts share a
pass, and every rounding is the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attnlit.analysis.sample import Text

WINDOW = 4096  # texts among which those of like length are looked for
PIECE = 512  # texts that are read at a time; so many are read anew after a survey was left


def in_pieces(texts: Sequence[Text]) -> Iterator[list[int]]:
    """The places of all texts, a piece at a time: the shortest of a window first, by their characters."""
    for start in range(0, len(texts), WINDOW):
        window = range(start, min(start + WINDOW, len(texts)))
        by_length = sorted(window, key=lambda place: sum(len(part or "") for part in texts[place]))
        for first in range(0, len(by_length), PIECE):
            yield by_length[first : first + PIECE]
