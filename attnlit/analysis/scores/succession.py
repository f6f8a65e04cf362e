"""Successor heads: what a head raises when it looks at a word of an ordered series.

Gould et al. 2023 (arXiv 2312.09230): heads that turn *Monday* into *Tuesday* and *two* into *three*. Told
from the head's direct path alone, wherever it would look in a text.
"""

from __future__ import annotations

import numpy as np

# Each in its order; what a vocabulary lacks is left out.
ORDERS = tuple(
    tuple(words.split())
    for words in (
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen twenty",
        "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20",
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth",
        "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
        "January February March April May June July August September October November December",
        "A B C D E F G H I J K L M N O P Q R S T U V W X Y Z",
    )
)


def successor(logits: np.ndarray, has_next: np.ndarray) -> np.ndarray:
    """How often a head that looks at a word raises the next one most, of all words of its kind.

    logits: what the head adds on its direct path to the logit of each word when it looks at each, float
    (..., attended, raised), both in their order. has_next: bool (attended,), whether the next word of the
    order is the next of these. The mean over those; NaN where a head raises nothing.
    """
    seen = logits[..., has_next, :]
    right = seen.argmax(-1) == np.flatnonzero(has_next) + 1
    writes = (np.ptp(seen, axis=-1) > 0).any(-1)
    return np.where(writes, right.mean(-1), np.nan)
