"""The heat map of one head: queries down, keys across, each cell as opaque as the weight is large.

The matrix is one small picture made on the server, a pixel a weight, which the browser stretches without
smoothing: as crisp for 8 tokens as for 512. Above it lie invisible areas for the pointer: one a query, and,
in the query's row only, one a key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from attnlit.attention.record import ATTENTION, check_record, layer_or_first
from attnlit.charts.heatmap.data import Matrix, matrix_tables
from attnlit.charts.heatmap.spec import theme_spec
from attnlit.charts.labels import labels
from attnlit.charts.notebook import notebook_chart
from attnlit.charts.opacity import full_opacity, mask_notes, one, scale_notes
from attnlit.charts.picture import Picture
from attnlit.charts.theme import LIGHT, Look, Theme, head_colour, theme_of
from attnlit.wording import percent

if TYPE_CHECKING:
    import altair as alt

    from attnlit.attention import Attention

NO_TOKEN = "no token"  # the column of a learned sink
SINK = "The last column is a learned sink: attention that goes to no token."


def heatmap_picture(attention: Attention, layer: int = 0, head: int = 0, *, theme: Theme = LIGHT) -> Picture:
    """The heat map of one head, for the app: `st.altair_chart(picture, key=..., theme=None)`.

    Raises `AttnlitError` for a layer or head that the record does not have.
    """
    check_record(attention)
    weights = attention.weights[attention.row(layer, head), head] / one(attention, layer)  # (queries, keys)
    missing, keys = ~attention.visible(layer) | np.isnan(weights), labels(attention.keys)
    sink = attention.to_sink(layer)
    if sink is not None:  # as one more key
        weights = np.column_stack([weights, sink[head]])
        missing, keys = np.column_stack([missing, np.zeros(len(missing), bool)]), [*keys, NO_TOKEN]
    full = full_opacity(attention, layer)
    matrix = Matrix(
        values=np.nan_to_num(weights),
        missing=missing,
        queries=labels(attention.queries),
        keys=keys,
        full=full,
        above=head_colour(head, theme),
        below=head_colour(head, theme),
        name="weight" if attention.weighs == ATTENTION else "share",
        least="0",
        most=percent(full),
    )
    notes = (*scale_notes(attention, full), *mask_notes(attention, layer))
    return matrix_picture(matrix, theme, notes if sink is None else (*notes, SINK))


def heatmap(
    attention: Attention,
    layer: int | None = None,
    head: int = 0,
    *,
    theme: Look = "light",
    width: int = 760,
) -> alt.LayerChart:
    """The heat map of one head as an Altair chart: shows itself in a notebook, saves to HTML, PNG and SVG.

    `layer` is the model's number of it (the first with attention when left out); `width` is in pixels.
    Raises `AttnlitError` for a layer or head that the record does not have.
    """
    layer = layer_or_first(attention, layer)
    return notebook_chart(heatmap_picture(attention, layer, head, theme=theme_of(theme)), width)


def matrix_picture(matrix: Matrix, theme: Theme, notes: tuple[str, ...] = ()) -> Picture:
    """Any matrix of tokens by tokens as a picture. All of a theme share one specification."""
    tables = matrix_tables(matrix, theme)
    height = int(tables["setup"]["height"][0].as_py())
    return Picture(theme_spec, theme, tables, height=lambda _: height, notes=notes)
