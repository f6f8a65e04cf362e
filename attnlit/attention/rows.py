"""Heads of a record that somebody names, and rows averaged over them: what some tokens look at, or get."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from attnlit.attention.given import as_list, checked_head, checked_pairs
from attnlit.attention.record import ATTENTION, Attention, check_record
from attnlit.errors import AttnlitError
from attnlit.wording import a_kind

# (layer, head) each, layers by their number in the model; None is all of them.
Heads = Collection[tuple[int, int]] | None


def checked_heads(attention: Attention, heads: Heads) -> list[tuple[int, int]]:
    """Where the heads stand in `attention.weights`, in order; all that there are if none are named.

    Raises AttnlitError for a head that does not exist.
    """
    if heads is None:
        return [(layer, head) for layer in range(attention.layers) for head in range(attention.heads)]
    pairs = checked_pairs(heads)
    if not pairs:
        raise AttnlitError("No head is chosen. Choose at least one.")
    return sorted((attention.row(layer, head), head) for layer, head in pairs)


def chosen_heads(attention: Attention, layer: int, heads: Sequence[int] | None) -> list[int]:
    """The heads of a layer that are meant, checked, in order and without repeats; all if none are named."""
    check_record(attention)
    attention.row(layer)
    if heads is None:
        return list(range(attention.heads))
    numbers = as_list(heads)
    if numbers is None:
        raise AttnlitError(f"Give heads as a list of numbers, such as [0, 3], not as {a_kind(heads)}.")
    chosen = sorted({checked_head(head, attention.heads, attention.model) for head in numbers})
    if not chosen:
        raise AttnlitError("No head is chosen. Choose at least one.")
    return chosen


def mean_of_heads(weights: np.ndarray) -> np.ndarray:
    """The mean over the heads of (H, Q, K) that have something in a row: (Q, K), 0 where no head has.

    An empty row is NaN: what is shown is not where the head looks, and that is not a look of 0.
    """
    empty = np.isnan(weights[..., :1])  # (H, Q, 1)
    mean: np.ndarray
    if empty.any():
        heads = np.maximum(len(weights) - empty.sum(axis=0), 1).astype(weights.dtype)
        mean = np.nan_to_num(weights).sum(axis=0) / heads
    else:  # saves a large copy
        mean = weights.mean(axis=0)
    return mean


def shares(attention: Attention, rows: Sequence[int], heads: Heads = None) -> np.ndarray:
    """What some queries take from each key: float64 (R, K), on average over the heads.

    rows: places in `attention.queries`. Of attention a row sums to 1, less what a learned sink took; of a
    record of what is passed on it is a share of all that the heads brought together, and sums to 1. A head
    whose row is empty does not count.
    """
    total, filled = np.zeros((len(rows), len(attention.keys))), np.zeros((len(rows), 1))
    for layer, head in checked_heads(attention, heads):
        looks = attention.weights[layer, head, [*rows]]
        total += np.nan_to_num(looks)
        filled += ~np.isnan(looks[:, :1])
    if attention.weighs == ATTENTION:
        return total / np.maximum(filled, 1)
    brought = total.sum(axis=-1, keepdims=True)
    return np.divide(total, brought, out=np.zeros_like(total), where=brought > 0)
