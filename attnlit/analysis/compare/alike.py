"""For each head of one record the head of the other that looks most like it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from attnlit.analysis.compare.rows import distance, on_these
from attnlit.models.layers import heads_in_order

if TYPE_CHECKING:
    import pandas as pd

    from attnlit.analysis.compare.comparison import Comparison

# Numbers of which a logarithm is taken at most, some seconds' worth; of longer texts fewer rows are compared.
MOST_NUMBERS = 200_000_000
# Numbers of rows that stand in memory at once.
AT_ONCE = 20_000_000


def most_alike(found: Comparison) -> pd.DataFrame:
    """One row a head of the first: which head of the second looks most like it, and how far that is.

    Columns: `layer`, `head`; `other_layer`, `other_head`, `distance` (nats; see `compare`); `typical`, the
    median over all heads of the second; `even`, the distance to attention spread evenly. A match is worth
    something where `distance` is well below both. In long texts every second row or fewer are compared.
    """
    import pandas as pd

    first, second = found.first, found.second
    heads, others = first.layers * first.heads, second.layers * second.heads
    keys = len(found.keys[0]) + 1
    rows = len(found.compared[0])
    step = max(1, -(-heads * others * rows * keys // MOST_NUMBERS))
    ours, theirs = (places[::step] for places in found.compared)
    together = max(1, AT_ONCE // (max(1, len(ours)) * keys))  # heads of the second at once
    flat = [record.weights.reshape(-1, *record.weights.shape[2:]) for record in (first, second)]
    distances = np.empty((heads, others))
    for start in range(0, others, together):
        block = on_these(flat[1][start : start + together], theirs, found.keys[1])
        for head in range(heads):
            row = on_these(flat[0][head], ours, found.keys[0])
            distances[head, start : start + together] = distance(row, block)
    table = pd.DataFrame(heads_in_order(first.layer_numbers, first.heads), columns=["layer", "head"])
    best = distances.argmin(1)
    table["other_layer"] = np.array(second.layer_numbers)[best // second.heads]
    table["other_head"] = best % second.heads
    table["distance"] = distances[np.arange(heads), best]
    table["typical"] = np.median(distances, axis=1)
    table["even"] = found.even.ravel()
    return table
