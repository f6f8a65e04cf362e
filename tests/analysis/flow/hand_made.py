"""Records whose flow is known without running the code."""

from __future__ import annotations

import numpy as np

from attnlit.attention import Attention
from tests.records import numbered, record


def looking_at(targets: list[list[int]], *, causal: bool = True) -> Attention:
    """One head a layer, each token of which looks at one token alone."""
    weights = np.zeros((len(targets), 1, len(targets[0]), len(targets[0])))
    for layer, looked_at in enumerate(targets):
        weights[layer, 0, range(len(looked_at)), looked_at] = 1
    return record(weights, numbered(len(targets[0]), "w"), causal=causal)


def with_sink(attention: Attention, kept: float) -> Attention:
    return record(attention.weights * kept, attention.query_tokens, causal=attention.causal)
