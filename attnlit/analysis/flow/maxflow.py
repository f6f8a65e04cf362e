"""Attention flow: the greatest flow that the layers' mixing matrices let through, from each input token."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from attnlit.analysis.flow.mixing import check_whole, mixing
from attnlit.analysis.flow.routes import Routes
from attnlit.attention.given import checked_switch, checked_token
from attnlit.attention.rows import Heads
from attnlit.errors import AttnlitError

if TYPE_CHECKING:
    from attnlit.attention.record import Attention

UNITS = 1_000_000  # of a capacity of 1, because the solver takes whole numbers
MOST_EDGES = 64 * 64 * 24  # each input token is a problem of this size: more would take minutes


def flow(
    attention: Attention, query: int, *, uniform: bool = False, residual: bool = True, heads: Heads = None
) -> Routes:
    """Attention flow of one token (Abnar & Zuidema 2020, arXiv 2005.00928, section 3).

    A network with a node for each token below and above every layer; the edge from token i above layer l to
    token j below it has the capacity `Â_l[i, j]` (see `rollout`). For each input token by itself, the maximum
    flow from the chosen token down to it; `shares` are these, divided by their sum. Capacities are whole
    millionths.

    Args:
        attention: A whole record, of any kind but "cross".
        query: The token's place in `attention.queries`.
        uniform: The flow of uniform attention under the same masks instead of the model's own.
        residual: False leaves the ½ I out: attention alone.
        heads: Only these (layer, head) pairs; a layer without any passes its tokens on unchanged.

    Often several flows reach the maximum; `edges` are those of one of them.
    Raises AttnlitError as `rollout` does, and for a token that does not exist or a text that is too long.
    """
    check_whole(attention)
    checked_token(query, len(attention.queries))
    uniform = checked_switch(uniform, "uniform")
    size = attention.layers * len(attention.queries) ** 2
    if size > MOST_EDGES:
        most = int((MOST_EDGES / attention.layers) ** 0.5)
        raise AttnlitError(
            f"The maximum flow through {attention.layers} layers is worked out for up to {most} tokens, and "
            f"this text has {len(attention.queries)}. Shorten it, or choose the rollout."
        )
    null = _edges(mixing(attention, uniform=True, residual=residual, heads=heads), query)
    own = null
    if not uniform:
        own = _edges(mixing(attention, uniform=False, residual=residual, heads=heads), query)
    return Routes(
        tokens=attention.queries,
        query=query,
        way="flow",
        residual=residual,
        causal=attention.causal,
        layer_numbers=attention.layer_numbers,
        edges=own,
        uniform_edges=null,
    )


def _edges(matrices: np.ndarray, query: int) -> np.ndarray:
    """The maximum flows to all input tokens, laid over each other and divided by their sum: (L, N, N).

    What a learned sink takes flows to one more input, which is nobody's.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import maximum_flow

    layers, count, _ = matrices.shape
    nowhere, top = layers * count, layers * count + 1
    layer, above, below, capacity = _capacities(matrices, query)
    start = np.where(layer == layers - 1, top, (layer + 1) * count + above)
    end = np.where(below == count, nowhere, layer * count + below)
    network = coo_array((capacity, (start, end)), shape=(top + 1, top + 1)).tocsr()
    order = np.lexsort((end, start))  # the edges as the solver's rows have them

    total, through = 0, np.zeros(len(order), np.int64)
    for target in (*range(count), nowhere):
        found = maximum_flow(network, top, target)
        if found.flow_value:
            total += found.flow_value
            through[order] += np.maximum(0, found.flow[start[order], end[order]])
    edges = np.zeros((layers, count, count + 1))
    edges[layer, above, below] = through / total
    return edges[..., :count]


def _capacities(matrices: np.ndarray, query: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The network's edges: their layer, the token above, the token below (N is nowhere), int32 capacity.

    Of the last layer only the chosen token's.
    """
    lost = np.maximum(0, 1 - matrices.sum(axis=-1, keepdims=True))
    units = np.rint(UNITS * np.concatenate([matrices, lost], axis=-1)).astype(np.int32)
    units[-1, np.arange(units.shape[1]) != query] = 0
    layer, above, below = np.nonzero(units)
    return layer, above, below, units[layer, above, below]
