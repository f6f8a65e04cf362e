"""A hand-made answer: known weights, and who said what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from attnlit.attention.answers import Answer, Written
from attnlit.attention.spans import Span
from tests.records import record

WORDS = ["<s>", "why", "blue", "<e>", "be", "cause", "sky"]
SPANS = (
    Span("template", -1, 0, 1), Span("user", 0, 1, 3), Span("template", -1, 3, 4), Span("answer", 1, 4, 7),
)  # fmt: skip
WRITTEN = (
    Written(4, 0.5, (("be", 0.5), ("no", 0.25))),
    Written(5, 0.25, (("ing", 0.75), ("cause", 0.25))),
    Written(6, 1.0, (("sky", 1.0),)),
)
# Head 0-0: row 3 writes "be", row 4 "cause", row 5 "sky".
ROWS = {
    3: [0.25, 0.5, 0.25, 0, 0, 0, 0],
    4: [0, 0, 1, 0, 0, 0, 0],
    5: [0.5, 0, 0, 0, 0.25, 0.25, 0],
    6: [0, 0, 0, 0, 0, 0, 1],
}


def made_answer(words: Sequence[str] = WORDS, *, kept: float = 1.0) -> Answer:
    """Two heads: the second looks only at itself. kept: what a learned sink leaves of the first's rows."""
    count = len(words)
    weights = np.zeros((1, 2, count, count), np.float32)
    weights[0, :, range(count), range(count)] = 1
    for row, values in ROWS.items():
        weights[0, 0, row, :7] = np.array(values) * kept
    made = record(weights, list(words), causal=True)
    tokens = tuple(
        replace(
            token, special=token.position in (0, 3), segment=int(token.position > 3),
            word={4: 0, 5: 0, 6: 1}.get(token.position),
        )
        for token in made.queries
    )  # fmt: skip
    return Answer(**(vars(made) | {"queries": tokens, "keys": tokens}), spans=SPANS, written=WRITTEN)
