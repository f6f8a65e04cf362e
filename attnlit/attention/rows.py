"""Rows of a record, averaged over heads: what some tokens look at, or what is brought to them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from attnlit.attention.given import checked_pairs
from attnlit.attention.record import ATTENTION, Attention
from attnlit.errors import AttnlitError

# (layer, head) each, layers by their number in the model; None is all of them.
Heads = Collection[tuple[int, int]] | None


def checked_heads(attention: Attention, heads: Heads) -> list[tuple[int, int]]:
    """Where the heads stand in `attention.weights`, in order; all that there are if none are named.

    Raises AttnlitError for a head that there is not.
    """
    if heads is None:
        return [(layer, head) for layer in range(attention.layers) for head in range(attention.heads)]
    pairs = checked_pairs(heads)
    if not pairs:
        raise AttnlitError("No head is chosen. Choose at least one.")
    return sorted((attention.row(layer, head), head) for layer, head in pairs)


def shares(attention: Attention, rows: Sequence[int], heads: Heads = None) -> np.ndarray:
    """What some queries take from each key: float64 (R, K), on average over the heads.

    rows: places in `attention.queries`. Of attention a row sums to 1, less what a learned sink took; of a
    record of what is passed on it is a share of all that the heads brought together, and sums to 1.
    """
    pairs = checked_heads(attention, heads)
    total = np.zeros((len(rows), len(attention.keys)))
    for layer, head in pairs:
        total += np.nan_to_num(attention.weights[layer, head, [*rows]])
    if attention.weighs == ATTENTION:
        return total / len(pairs)
    brought = total.sum(axis=-1, keepdims=True)
    return np.divide(total, brought, out=np.zeros_like(total), where=brought > 0)
