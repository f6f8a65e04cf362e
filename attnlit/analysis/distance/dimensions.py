"""Which dimensions of a head's queries and keys carry its scores, and their fall.

The third use case of Vig 2019 (arXiv 1904.02679, section 4.3): in a head whose attention falls with distance
a few dimensions carry the fall. The product of dimension n for query i and key j is
scaling * q_i[n] * k_j[n]; over n the products add up to the score, less what the model adds to it (a position
bias, a mask, a soft cap).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from attnlit.analysis.distance.profile import DistanceProfile, towards
from attnlit.analysis.statistics import rank_correlation
from attnlit.errors import AttnlitError

if TYPE_CHECKING:
    import pandas as pd

    from attnlit.attention.record import Attention
    from attnlit.attention.vectors import Vectors


def score_shares(attention: Attention, layer: int, head: int, *, without_first: bool = False) -> pd.DataFrame:
    """How much of a head's scores on a text each dimension carries. One row a dimension, largest share first.

    The product of dimension n for query i and key j is c_n = scaling * q_i[n] * k_j[n]; over n the products
    add up to the score less what the model adds to it (position bias, mask, soft cap).
    size: mean |c_n| over the visible pairs, in units of the score.
    share: the part of the scores' variance within a query's row that comes from this dimension,
    sum(c_n * s) / sum(s * s), where s is the sum of the products less its mean over the row: what is the same
    for all keys of a query changes no attention. Shares add up to 1; a negative one works against the others.
    NaN where the scores of every row are all alike. without_first leaves the text's first token out as a key.
    Raises AttnlitError where only weights were recorded, and for a layer or head that the model lacks.
    """
    import pandas as pd

    vectors = attention.vectors(layer, head)
    q, k = vectors.q.astype(np.float64), vectors.k.astype(np.float64)  # (queries, d), (keys, d)
    visible = np.isfinite(vectors.scores)  # (queries, keys)
    if without_first:
        visible &= np.array([token.position > 0 for token in attention.keys])
    count = visible.sum(1, keepdims=True)  # (queries, 1)
    scores = vectors.scaling * (q @ k.T)
    means = (scores * visible).sum(1, keepdims=True) / np.maximum(count, 1)
    centred = np.where(visible, scores - means, 0.0)
    # Each row of `centred` adds up to 0, so the products need not be centred, nor held for every pair.
    shared = vectors.scaling * (q * (centred @ k)).sum(0)  # (d,)
    variance = (centred**2).sum()
    pairs = max(int(count.sum()), 1)
    size = abs(vectors.scaling) * (np.abs(q) * (visible @ np.abs(k))).sum(0) / pairs
    share = shared / variance if variance > 1e-12 * pairs else np.full(len(shared), np.nan)
    table = pd.DataFrame({"dimension": np.arange(len(size)), "share": share, "size": size})
    return table.sort_values("share", ascending=False, kind="stable", ignore_index=True)


def pair_products(attention: Attention, layer: int, head: int, query: int, key: int) -> pd.DataFrame:
    """The score of one query and key, dimension by dimension; the largest product, whatever its sign, first.

    query and key: indices of the record's tokens. Columns: dimension, query, key, product = scaling * query *
    key, and share = |product| / sum of |product|. The products add up to the score less what the model adds.
    Raises AttnlitError where only weights were recorded, and for a layer or head that the model lacks.
    """
    import pandas as pd

    vectors = attention.vectors(layer, head)
    q, k = vectors.q[query].astype(np.float64), vectors.k[key].astype(np.float64)  # (d,) each
    product = vectors.scaling * q * k
    size = np.abs(product)
    table = pd.DataFrame(
        {
            "dimension": np.arange(len(q)),
            "query": q,
            "key": k,
            "product": product,
            "share": size / max(size.sum(), np.finfo(float).tiny),
        }
    )
    return table.sort_values("share", ascending=False, kind="stable", ignore_index=True)


def added(vectors: Vectors, query: int, key: int) -> float:
    """What the model adds to scaling * q . k of one pair: position bias, soft cap; -inf for a masked key."""
    return float(vectors.scores[query, key]) - float(vectors.scaling * (vectors.q[query] @ vectors.k[key]))


def falling_dimensions(profile: DistanceProfile, layer: int, head: int, side: str = "before") -> pd.DataFrame:
    """The dimensions whose product of query and key falls with distance; the one that falls most comes first.

    Products are averaged over queries and texts at each distance, so that content is averaged out.
    fall: how much the mean product falls for a token of distance, by a straight line, in nats of score;
    share: of the head's whole fall (of its mean score, with whatever the model adds, such as a position
    bias); shares and `added_share` add up to 1; NaN where the whole does not fall. rank: Spearman's
    correlation of distance and mean product: -1 if each step takes some away.
    Raises AttnlitError where the model does not show its queries and keys.
    """
    import pandas as pd

    distances, score, products = _mean_products(profile, layer, head, side)
    falls, whole = -_slope(distances, products), -_slope(distances, score)
    table = pd.DataFrame(
        {
            "dimension": np.arange(len(falls)),
            "share": falls / whole if whole > 0 else np.full(len(falls), np.nan),
            "fall": falls,
            "rank": [rank_correlation(distances, each) for each in products],
        }
    )
    return table.sort_values("fall", ascending=False, kind="stable", ignore_index=True)


def added_share(profile: DistanceProfile, layer: int, head: int, side: str = "before") -> float:
    """The share of a head's fall that no dimension carries, but what the model adds to the scores.

    1 in a head with ALiBi (Press et al. 2022, arXiv 2108.12409) whose queries and keys do not know distance.
    NaN where the score does not fall. Raises AttnlitError as `falling_dimensions`.
    """
    distances, score, products = _mean_products(profile, layer, head, side)
    whole = -_slope(distances, score)
    return float(1 + _slope(distances, products.sum(0)) / whole) if whole > 0 else float("nan")


def score_table(
    profile: DistanceProfile, layer: int, head: int, dimensions: Sequence[int], side: str = "before"
) -> pd.DataFrame:
    """A head's mean score, and the mean products of some dimensions, less what they are at distance 1.

    One row a distance; columns: distance, score, "dimension 7" ..., and others: the mean over the other
    dimensions (0 if there are none). Only differences change attention, so each column begins with 0. Raises
    AttnlitError where the model does not show its queries and keys.
    """
    import pandas as pd

    distances, score, products = _mean_products(profile, layer, head, side)
    others = np.delete(products, list(dimensions), axis=0)
    values = np.vstack([score, products[list(dimensions)], others.sum(0) / max(len(others), 1)])
    names = ["score", *(f"dimension {each}" for each in dimensions), "others"]
    table = pd.DataFrame((values - values[:, :1]).T, columns=names)
    table.insert(0, "distance", distances)
    return table


def _slope(distances: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Of the straight line through values (..., distances), by least squares: (...)"""
    away = distances - distances.mean()
    return values @ away / max(float(away @ away), 1.0)


def _mean_products(
    profile: DistanceProfile, layer: int, head: int, side: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distances (distances,), a head's mean score (distances,) and products (d, distances) on one side."""
    if profile.scores is None or profile.products is None:
        raise AttnlitError("This model shows only its attention, not the queries and keys it is made of.")
    at = (profile.row(layer), head)
    both = np.vstack([profile.scores[at], profile.products[at]])
    distances, values = towards(profile, layer, head, both, side)
    return distances, values[0], values[1:]
