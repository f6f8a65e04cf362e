"""Tables that are light to send, and cheap to read: many numbers in one text, taken apart in the browser.

Streamlit's front end reads a table cell by cell, so a thousand rows of one number freeze a page longer than
one row of a thousand numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


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
    return pc.binary_join(pa.ListArray.from_arrays(ends, values.cast(pa.string())), separator)


def one_text(values: np.ndarray) -> pa.Array:
    """All values as one text, "12,7,40"; no text where there are none."""
    return joined(pa.array(values), np.array([len(values)] if len(values) else [], np.int32), ",")


def row_texts(whole: np.ndarray, instead: dict[str, np.ndarray]) -> pa.Array:
    """Each row of whole numbers (rows, columns) as "12,-7,,3".

    instead: texts and where they stand for the number, bool (rows, columns); later ones win.
    """
    texts = pa.array(whole.ravel()).cast(pa.string())
    for text, where in instead.items():
        texts = pc.if_else(pa.array(where.ravel()), text, texts)
    return joined(texts, np.full(len(whole), whole.shape[1], np.int32), ",")
