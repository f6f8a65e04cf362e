"""The neuron view: how one head computes its weights, from query and key vectors to the softmax.

For the chosen query token, side by side and one row a key token: the query vector q, the key vectors k, their
element-wise product q x k, the score (what enters the softmax) and the weight (what leaves it).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attnlit.attention.record import layer_or_first
from attnlit.charts.neuron.captions import notes
from attnlit.charts.neuron.data import look_at, neuron_tables
from attnlit.charts.neuron.layout import height
from attnlit.charts.neuron.spec import spec_by_itself, theme_spec
from attnlit.charts.notebook import notebook_chart
from attnlit.charts.picture import Picture
from attnlit.charts.theme import LIGHT, Look, Theme, theme_of

if TYPE_CHECKING:
    import altair as alt

    from attnlit.attention.record import Attention


def neuron_picture(
    attention: Attention, layer: int = 0, head: int = 0, query: int | None = None, *, theme: Theme = LIGHT
) -> Picture:
    """The neuron view of one head, for the app: `st.altair_chart(picture, key=..., theme=None)`.

    `query` is the chosen token's place in `attention.queries`; left out, an early one is taken. The choice
    follows the caller: with `on_select="rerun", selection_mode=["pin"]` a click comes back as
    `.selection["pin"]`, `[{"query": 5}]`, and is to be passed on as `query`. The selection is empty before
    the first click and again when the pointer has left the chart, so that a second click on the same token
    counts: read it in a callback and ignore it when it is empty.

    All pictures of a theme share one specification: Streamlit patches the data in place, whatever the text.
    Long texts carry only the queries around the chosen one; a click on a token further away brings its own.
    Raises `AttnlitError` for a layer, head or query that does not exist, and where only weights are recorded.
    """
    look = look_at(attention, layer, head, query)
    rows, columns = look.weights.shape
    limits = (look.vector_limit, look.product_limit)
    return Picture(
        theme_spec,
        theme,
        neuron_tables(look, theme),
        height=lambda _: height(rows, columns),
        notes=notes(look.vectors, look.weights, *limits, len(look.loaded)),
        draw_by_itself=spec_by_itself,
    )


def neuron_view(
    attention: Attention,
    layer: int | None = None,
    head: int = 0,
    query: int | None = None,
    *,
    theme: Look = "light",
    width: int = 1000,
) -> alt.LayerChart:
    """The neuron view of one head as an Altair chart: shows itself in a notebook, saves to HTML, PNG and SVG.

    `layer` is the model's number of it (the first with attention when left out); `query` is the place of the
    token to begin with (an early one when left out), and a click on another chooses that one; `width` is in
    pixels. Raises `AttnlitError` for a layer, head or query that does not exist, and where only weights are
    recorded.
    """
    layer = layer_or_first(attention, layer)
    return notebook_chart(neuron_picture(attention, layer, head, query, theme=theme_of(theme)), width)
