"""Texts in the words of the planted model: lengths differ, words return, and there are commas and pairs."""

from __future__ import annotations

import numpy as np

from tests import planted

WORDS = planted.WORDS[2:]
TEXTS = [
    (
        " ".join(np.random.default_rng(seed).choice(WORDS[:24], 12 + seed % 7)),
        None if seed % 3 else "the cat ,",
    )
    for seed in range(24)
]
