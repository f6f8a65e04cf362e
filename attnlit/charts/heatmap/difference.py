"""What one head looks at in one text and not in another of the same length: blue is more in the second."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from attnlit.charts.heatmap.data import Matrix
from attnlit.charts.heatmap.view import matrix_picture
from attnlit.charts.labels import labels
from attnlit.charts.notebook import notebook_chart
from attnlit.charts.picture import Picture
from attnlit.charts.theme import LIGHT, Theme
from attnlit.errors import AttnlitError
from attnlit.wording import percent

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

    from attnlit.attention import Attention


def difference_picture(
    first: Attention, second: Attention, layer: int = 0, head: int = 0, *, theme: Theme = LIGHT
) -> Picture:
    """What one head looks at in the second text and not in the first, for the app; see `heatmap_picture`.

    Blue is more in the second text, orange more in the first; the largest difference is drawn at full
    opacity. Raises `AttnlitError` for texts of unequal lengths, and for a layer or head that they lack.
    """
    one, other = _comparable(first, second, layer, head)
    change = other - one
    missing = ~first.visible(layer) | np.isnan(change)
    change = np.nan_to_num(change)
    full = float(np.abs(change).max()) or 1.0
    matrix = Matrix(
        values=change,
        missing=missing,
        queries=_names(labels(first.queries), labels(second.queries)),
        keys=_names(labels(first.keys), labels(second.keys)),
        full=full,
        above=theme.positive,
        below=theme.negative,
        name="",
        least=f"−{percent(full)}",
        most=f"+{percent(full)}",
    )
    return matrix_picture(matrix, theme)


def difference_map(
    first: Attention,
    second: Attention,
    layer: int = 0,
    head: int = 0,
    *,
    theme: Theme = LIGHT,
    width: int = 760,
) -> alt.LayerChart:
    """The same as an Altair chart, to show in a notebook or to save. `width` is in pixels."""
    return notebook_chart(difference_picture(first, second, layer, head, theme=theme), width)


def difference_table(first: Attention, second: Attention, layer: int = 0, head: int = 0) -> pd.DataFrame:
    """The numbers behind it, one row a pair of tokens that can see each other.

    Columns: `query`, `query position`, `key`, `key position`, `first`, `second`, `difference`.
    """
    import pandas as pd

    weights = _comparable(first, second, layer, head)
    query, key = np.nonzero(first.visible(layer))
    queries = _names(first.query_tokens, second.query_tokens)
    keys = _names(first.key_tokens, second.key_tokens)
    one, other = (each[query, key] for each in weights)
    return pd.DataFrame(
        {
            "query": [queries[place] for place in query],
            "query position": [first.queries[place].position for place in query],
            "key": [keys[place] for place in key],
            "key position": [first.keys[place].position for place in key],
            "first": one,
            "second": other,
            "difference": other - one,
        }
    )


def _comparable(first: Attention, second: Attention, layer: int, head: int) -> tuple[np.ndarray, np.ndarray]:
    """The head's weights in both texts, (queries, keys), or an AttnlitError where they have other sizes."""
    rows = [record.row(layer, head) for record in (first, second)]
    if first.weights.shape != second.weights.shape:
        raise AttnlitError(
            f"The texts have {len(first.queries)} and {len(second.queries)} tokens. Only two texts with "
            "the same number of tokens, in the same model, can be compared token by token."
        )
    return first.weights[rows[0], head], second.weights[rows[1], head]


def _names(ours: Sequence[str], theirs: Sequence[str]) -> list[str]:
    """The tokens of both texts: one name where they are the same."""
    return [one if one == other else f"{one} / {other}" for one, other in zip(ours, theirs, strict=True)]
