"""Which tokens of two texts line up: the same ones, and as many others in their place.

Two texts with the same number of tokens line up one by one, unless another way leaves more of them the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from attnlit.attention.record import Token

Pairs = tuple[np.ndarray, np.ndarray]  # int (pairs,) each: places in the first text, and in the second


def lined_up(first: Sequence[str | int], second: Sequence[str | int]) -> Pairs:
    """The places of the tokens that line up, of two texts' ids or spellings.

    Runs of the same tokens line up, and so do runs of equally many others between them; the rest does not.
    """
    matcher = SequenceMatcher(None, first, second, autojunk=False)
    one_by_one = sum(one == other for one, other in zip(first, second, strict=False))
    same = sum(block.size for block in matcher.get_matching_blocks())
    if len(first) == len(second) and one_by_one >= same:
        return np.arange(len(first)), np.arange(len(second))
    ours: list[int] = []
    theirs: list[int] = []
    for _, start, end, other_start, other_end in matcher.get_opcodes():
        if end - start == other_end - other_start:
            ours += range(start, end)
            theirs += range(other_start, other_end)
    return np.array(ours, dtype=int), np.array(theirs, dtype=int)


def tokens_lined_up(first: Sequence[Token], second: Sequence[Token]) -> Pairs:
    """The same for tokens of records, by what is drawn for them: two models may spell them otherwise."""
    one, other = ([token.text.casefold() for token in tokens] for tokens in (first, second))
    return lined_up(one, other)
