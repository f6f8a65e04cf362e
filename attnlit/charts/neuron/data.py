"""The neuron view's tables: one head with a chosen query, as strips of colour and packed numbers.

- `setup`: one row of sizes and limits
- `queries`, `keys`: the tokens of both sides with their vectors, as compact text
- `vectors`, `products`: q, k and q x k as small pictures, one pixel a value
- `rows`: scores and weights of each loaded query, as compact text
- `captions`: what stands above the columns
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log10
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from attnlit.attention.given import checked_token
from attnlit.attention.record import check_record
from attnlit.charts.labels import column_width, font_size, labels, row_height
from attnlit.charts.neuron.captions import captions
from attnlit.charts.neuron.layout import FARTHEST, height
from attnlit.charts.packed_text import row_texts, rows_table
from attnlit.charts.raster import signed_roots, signed_strips
from attnlit.charts.said import said_of_queries
from attnlit.charts.theme import Theme

if TYPE_CHECKING:
    from attnlit.attention.record import Attention
    from attnlit.attention.vectors import Vectors

VALUES_LOADED = 2**20  # numbers of q x k that travel at once: all queries of 128 tokens with 64 dimensions
FULL_COLOUR = 0.995  # of the values reach at most the full colour
SAMPLE = 100_000  # values from which the scale of q x k is taken
SCORE_UNIT = 1e-5  # scores and weights travel as whole numbers of these units, which keeps them short
WEIGHT_UNIT = 1e-6


@dataclass(frozen=True, eq=False)
class Look:
    """One head with a chosen query, and the values that stand for full colour."""

    attention: Attention
    vectors: Vectors
    # Float32 (queries, keys).
    weights: np.ndarray
    query: int
    # Full colour of q and k: 99.5 % of the values are smaller; and of q x k.
    vector_limit: float
    product_limit: float

    @property
    def loaded(self) -> range:
        """The queries whose numbers travel: all of a short text, those near the chosen one of a long text."""
        queries, keys = self.weights.shape
        count = min(queries, max(8, VALUES_LOADED // (keys * self.vectors.q.shape[1])))
        first = min(max(0, self.query - count // 2), queries - count)
        return range(first, first + count)


def look_at(attention: Attention, layer: int, head: int, query: int | None) -> Look:
    """What there is to see, or an AttnlitError that says what does not exist."""
    check_record(attention)
    vectors = attention.vectors(layer, head)
    count = len(attention.queries)
    if query is None:
        query = _first_query(attention)
    query = checked_token(query, count)
    both = np.abs(np.concatenate([vectors.q.ravel(), vectors.k.ravel()]))
    queries, keys = np.nonzero(np.isfinite(vectors.scores))
    step = max(1, len(queries) * vectors.q.shape[1] // SAMPLE)
    products = np.abs(vectors.q[queries[::step]] * vectors.k[keys[::step]])
    return Look(
        attention,
        vectors,
        attention.weights[attention.row(layer), head],
        query,
        _quantile(both),
        _quantile(products),
    )


def _quantile(values: np.ndarray) -> float:
    """The value that 99.5 % do not exceed; 1 where all are zero."""
    if not values.size:
        return 1.0
    rank = int(FULL_COLOUR * (values.size - 1))
    return float(np.partition(values, rank, axis=None)[rank]) or 1.0


def _first_query(attention: Attention) -> int:
    """A token worth looking at first: ordinary, with keys before it, and near the top of the picture."""
    ordinary = [place for place, token in enumerate(attention.queries[:10]) if not token.special]
    return ordinary[-1] if ordinary else 0


def neuron_tables(look: Look, theme: Theme) -> dict[str, pa.Table]:
    """The tables that the specification names."""
    vectors = look.vectors
    value_unit = 10.0 ** (ceil(log10(look.vector_limit)) - 4)
    vector_roots = (signed_roots(each, look.vector_limit) for each in (vectors.q, vectors.k))
    return {
        "setup": _setup_table(look, value_unit),
        "queries": rows_table(
            query=np.arange(len(vectors.q), dtype=np.int16),
            text=labels(look.attention.queries),
            said=said_of_queries(look.attention, np.nan_to_num(look.weights)),
            values=_packed(vectors.q, value_unit),
        ),
        "keys": rows_table(
            key=np.arange(len(vectors.k), dtype=np.int16),
            text=labels(look.attention.keys),
            values=_packed(vectors.k, value_unit),
        ),
        "vectors": rows_table(
            side=["q", "k"], url=signed_strips(vector_roots, theme.positive, theme.negative)
        ),
        "products": _product_table(look, theme),
        "rows": _row_table(look),
        "captions": rows_table(**captions(vectors, look.vector_limit, look.product_limit)),
    }


def _setup_table(look: Look, value_unit: float) -> pa.Table:
    queries, keys = look.weights.shape
    rows = row_height(max(queries, keys))
    texts = [*labels(look.attention.queries), *labels(look.attention.keys)]
    row: dict[str, Any] = {
        "query": look.query,
        "first": look.loaded.start,
        "last": look.loaded.stop - 1,
        "queries": queries,
        "keys": keys,
        "dimensions": look.vectors.q.shape[1],
        "row_height": rows,
        "height": height(queries, keys),
        "font_size": font_size(rows),
        "token_room": column_width(texts, font_size(rows)),
        "reach": _reach(look.vectors.scores),
        "value_unit": value_unit,
    }
    return rows_table(**{name: [value] for name, value in row.items()})


def _reach(scores: np.ndarray) -> float:
    """How far below the largest of its row a score's bar goes: the farthest, but no farther than counts."""
    with np.errstate(invalid="ignore"):
        below = scores.max(axis=-1, keepdims=True) - scores
    return min(FARTHEST, float(below[np.isfinite(below)].max(initial=0))) or 1.0


def _product_table(look: Look, theme: Theme) -> pa.Table:
    """q x k of every loaded query, without the keys after the last that its mask leaves."""
    vectors, loaded = look.vectors, look.loaded
    available = np.isfinite(vectors.scores[loaded.start : loaded.stop])  # (loaded, keys)
    shown = available.shape[1] - np.argmax(available[:, ::-1], axis=1)  # (loaded,)
    # The root of a product is the product of the roots, taken once a token and not once a pair of tokens.
    q_roots, k_roots = signed_roots(vectors.q, look.product_limit), signed_roots(vectors.k, 1)
    # Each (shown, d); one at a time, as all of them together would not fit the processor's cache.
    products = (
        _seen(q_roots[place] * k_roots[:count], available[row, :count])
        for row, (place, count) in enumerate(zip(loaded, shown, strict=True))
    )
    return rows_table(
        query=np.arange(loaded.start, loaded.stop, dtype=np.int16),
        keys=shown.astype(np.int16),
        url=signed_strips(products, theme.positive, theme.negative),
    )


def _seen(rows: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """The rows (keys, d) with zeros for the keys that are not seen; it writes to them."""
    if not seen.all():
        rows[~seen] = 0
    return rows


def _row_table(look: Look) -> pa.Table:
    loaded = look.loaded
    scores = look.vectors.scores[loaded.start : loaded.stop]  # (loaded, keys)
    weights = np.where(np.isfinite(scores), look.weights[loaded.start : loaded.stop], np.nan)
    largest = scores.max(axis=-1)
    return rows_table(
        query=np.arange(loaded.start, loaded.stop, dtype=np.int16),
        scores=_packed(scores, SCORE_UNIT),
        weights=_packed(weights, WEIGHT_UNIT),
        largest=np.where(np.isfinite(largest), largest, 0).astype(np.float64),
    )


def _packed(values: np.ndarray, unit: float) -> pa.Array:
    """Each row of numbers as whole numbers of `unit`, "12,-7,,3"; nothing stands for what is not finite."""
    finite = np.isfinite(values)
    return row_texts(np.rint(np.where(finite, values, 0) / unit).astype(np.int32), {"": ~finite})


def neuron_table(
    attention: Attention, layer: int = 0, head: int = 0, query: int | None = None, *, products: bool = False
) -> pd.DataFrame:
    """The numbers behind the neuron view of one query: one row a key.

    Columns: `key`, `position`, `score` (what entered the softmax) and `weight` (what left it); both are NaN,
    and empty in a file, where the mask forbids the key. With `products`, `q×k 0`, `q×k 1` ... of every
    dimension. Raises `AttnlitError` as `neuron_picture` does.
    """
    look = look_at(attention, layer, head, query)
    score = look.vectors.scores[look.query]
    seen = np.isfinite(score)
    table = pd.DataFrame(
        {
            "model": attention.model,
            "layer": layer,
            "head": head,
            "query": attention.queries[look.query].text,
            "query position": attention.queries[look.query].position,
            "key": attention.key_tokens,
            "position": [token.position for token in attention.keys],
            "score": np.where(seen, score, np.nan),
            "weight": np.where(seen, look.weights[look.query], np.nan),
        }
    )
    if not products:
        return table
    names = [f"q×k {dimension}" for dimension in range(look.vectors.q.shape[1])]
    return table.join(pd.DataFrame(look.vectors.q[look.query] * look.vectors.k, columns=names))
