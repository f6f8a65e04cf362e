"""The null of a comparison of two texts: how differently heads look in texts that have nothing in common."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from attnlit.analysis.compare.rows import distance, on_these
from attnlit.analysis.sample import PAIRS, SENTENCES
from attnlit.attention.capture import attend_together
from attnlit.attention.reading import Reading, read
from attnlit.errors import AttnlitError

if TYPE_CHECKING:
    from attnlit.models.model import Model

TEXTS = 8  # sentences of the sample, each beside the next


def unrelated(model: Model, kind: str, tokens: int, first: int = 0) -> np.ndarray:
    """How differently each head looks in sentences that have nothing to do with each other: float64 (L, H).

    The mean over neighbouring sentences of the built-in sample, of the first `tokens` tokens at most, held
    against each other one by one; nats, as `attnlit.analysis.compare.compare` gives them. first: earlier
    rows are left out, as they are of two texts that begin alike.
    """
    found = []
    texts = PAIRS if model.pairs == "target" else [(sentence, None) for sentence in SENTENCES]
    readings = [_fitting(model, *each) for each in texts[:TEXTS]]
    records = [attend_together(model, [each], kind)[0] for each in readings]
    for one, other in pairwise(records):
        rows = min(tokens, len(one.queries), len(other.queries))
        queries = np.arange(min(first, rows - 1), rows)
        keys = np.arange(min(tokens, len(one.keys), len(other.keys)))
        sides = (on_these(record.weights, queries, keys) for record in (one, other))
        found.append(distance(*sides))
    return np.mean(found, axis=0)


def _fitting(model: Model, text: str, pair: str | None) -> Reading:
    """As much of the text as the model takes."""
    words = text.split()
    while len(words) > 1:
        try:
            return read(model, " ".join(words), pair)
        except AttnlitError:  # too many tokens
            words = words[: len(words) // 2]
    return read(model, " ".join(words), pair)
