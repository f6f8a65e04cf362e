"""Tables that are light to send, and cheap to read: many numbers in one text, taken apart in the browser.

Streamlit's front end reads a table cell by cell, so a thousand rows of one number freeze a page longer than
one row of a thousand numbers.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_LOOKED_UP = 10_000  # whole numbers of up to this size


def rows_table(**columns: Any) -> pa.Table:
    """A small Arrow table from named columns (numpy arrays, lists or Arrow arrays of one length)."""
    return pa.table(
        {
            name: column if isinstance(column, pa.Array) else pa.array(column)
            for name, column in columns.items()
        }
    )


def joined(values: pa.Array, counts: np.ndarray, separator: str) -> pa.Array:
    """One text a row: the next `counts[row]` of the values, with the separator between them."""
    ends = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    return pc.binary_join(pa.ListArray.from_arrays(ends, texts(values)), separator)


def texts(values: pa.Array) -> pa.Array:
    """Each value as a text. Small whole numbers are looked up: a third of the work of writing them."""
    if pa.types.is_integer(values.type) and len(values):
        limits = pc.min_max(values).as_py()
        if limits["min"] >= -_LOOKED_UP and limits["max"] <= _LOOKED_UP:
            return _numbers().take(pc.add(values.cast(pa.int32()), _LOOKED_UP))
    return values.cast(pa.string())


@cache
def _numbers() -> pa.Array:
    return pa.array([str(number) for number in range(-_LOOKED_UP, _LOOKED_UP + 1)])


def one_text(values: np.ndarray) -> pa.Array:
    """All values as one text, "12,7,40"; no text where there are none."""
    return joined(pa.array(values), np.array([len(values)] if len(values) else [], np.int32), ",")


def row_texts(whole: np.ndarray, instead: dict[str, np.ndarray]) -> pa.Array:
    """Each row of whole numbers (rows, columns) as "12,-7,,3".

    instead: texts and where they stand for the number, bool (rows, columns); later ones win.
    """
    each = texts(pa.array(whole.ravel()))
    for text, where in instead.items():
        if where.any():
            each = pc.if_else(pa.array(where.ravel()), text, each)
    return joined(each, np.full(len(whole), whole.shape[1], np.int32), ",")
