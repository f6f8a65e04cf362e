"""The heat map of one head: queries down, keys across, each cell as opaque as the weight is large.

The matrix is one small picture made on the server, a pixel a weight, which the browser stretches without
smoothing: as crisp for 8 tokens as for 512. Above it lie invisible areas for the pointer: one a query, and,
in the query's row only, one a key.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from attnlit.attention.record import ATTENTION, check_record, layer_or_first
from attnlit.attention.rows import chosen_heads, mean_of_heads
from attnlit.charts.heatmap.data import Matrix, matrix_tables
from attnlit.charts.heatmap.spec import theme_spec
from attnlit.charts.labels import labels
from attnlit.charts.notebook import notebook_chart
from attnlit.charts.opacity import full_opacity, mask_notes, one, scale_notes
from attnlit.charts.picture import Picture
from attnlit.charts.pinned import Pin, checked_pin
from attnlit.charts.said import said_of_queries
from attnlit.charts.theme import LIGHT, Look, Theme, head_colour, theme_of
from attnlit.wording import listed, percent

if TYPE_CHECKING:
    import altair as alt

    from attnlit.attention import Attention

HOW_TO = "Point at a cell to read its weight. Click a row to keep its token; click it again to let go."
NO_TOKEN = "no token"  # the column of a learned sink
SINK = "The last column is a learned sink: attention that goes to no token."


def heatmap_picture(
    attention: Attention,
    layer: int = 0,
    head: int | Sequence[int] = 0,
    *,
    theme: Theme = LIGHT,
    pinned: Pin | None = None,
    clicks: bool = False,
) -> Picture:
    """The heat map of one head, for the app: `st.altair_chart(picture, key=..., theme=None)`.

    `head` may be several heads: it is then of their mean, and says so. `pinned` is the pinned token, and
    `clicks` says whether a click on a row comes back, as in `head_picture`, to pin its query. Raises
    `AttnlitError` for a layer or head that the record does not have.
    """
    check_record(attention)
    heads = chosen_heads(attention, layer, head if isinstance(head, Iterable) else [head])
    weights = attention.weights[attention.row(layer), heads] / one(attention, layer)  # (heads, queries, keys)
    missing, keys = ~attention.visible(layer) | np.isnan(weights).all(axis=0), labels(attention.keys)
    mean = mean_of_heads(weights)
    several = len(heads) > 1
    said = said_of_queries(attention, mean, len(heads))
    sink = attention.to_sink(layer)
    if sink is not None:  # as one more key
        mean = np.column_stack([mean, sink[heads].mean(axis=0)])
        missing, keys = np.column_stack([missing, np.zeros(len(missing), bool)]), [*keys, NO_TOKEN]
    full = full_opacity(attention, layer)
    colour = theme.accent if several else head_colour(heads[0], theme)
    matrix = Matrix(
        values=mean,
        missing=missing,
        queries=labels(attention.queries),
        keys=keys,
        full=full,
        above=colour,
        below=colour,
        name="mean" if several else "weight" if attention.weighs == ATTENTION else "share",
        least="0",
        most=percent(full),
        said=said,
        pinned=checked_pin(attention, pinned),
        clicks=clicks,
    )
    notes = (*_mean_notes(attention, heads), *scale_notes(attention, full), *mask_notes(attention, layer))
    return matrix_picture(matrix, theme, notes if sink is None else (*notes, SINK))


def _mean_notes(attention: Attention, heads: Sequence[int]) -> tuple[str, ...]:
    """The sentence about the mean of several heads."""
    if len(heads) == 1:
        return ()
    which = f"all {len(heads)} heads" if len(heads) == attention.heads else f"heads {listed(heads)}"
    return (f"A cell is the mean over {which}.",)


def heatmap(
    attention: Attention,
    layer: int | None = None,
    head: int | Sequence[int] = 0,
    *,
    theme: Look = "light",
    pinned: Pin | None = None,
    width: int = 760,
) -> alt.LayerChart:
    """The heat map of one head as an Altair chart: shows itself in a notebook, saves to HTML, PNG and SVG.

    `layer` is the model's number of it (the first with attention when left out); `head` may be several, such
    as [0, 3], of which the mean is drawn; `pinned` is a token to single out, such as ("query", 3); `width` is
    in pixels. Raises `AttnlitError` for a layer or head that the record does not have.
    """
    layer = layer_or_first(attention, layer)
    picture = heatmap_picture(attention, layer, head, theme=theme_of(theme), pinned=pinned)
    return notebook_chart(picture, width)


def matrix_picture(matrix: Matrix, theme: Theme, notes: tuple[str, ...] = ()) -> Picture:
    """Any matrix of tokens by tokens as a picture. All of a theme share one specification."""
    tables = matrix_tables(matrix, theme)
    height = int(tables["setup"]["height"][0].as_py())
    return Picture(theme_spec, theme, tables, height=lambda _: height, notes=notes)
