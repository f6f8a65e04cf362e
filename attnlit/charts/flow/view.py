"""The public functions: the picture for the app, and the Altair chart for a notebook or a file."""

from __future__ import annotations

import altair as alt

from attnlit.charts.flow.data import Routes, drawing, flow_shape, flow_tables
from attnlit.charts.flow.spec import flow_spec
from attnlit.charts.flow.strips import strip_spec, strip_tables
from attnlit.charts.picture import Picture, chart_with_data
from attnlit.charts.theme import LIGHT, Theme

MOST_LAYERED = 64  # tokens; a longer text is drawn as strips


def how_to(routes: Routes) -> str:
    """What can be done with the picture, in a line."""
    pointing = "its numbers" if len(routes.tokens) > MOST_LAYERED else "only the way that it took"
    return f"Point at a token to see {pointing}; click it to ask what that token is made of."


def flow_picture(routes: Routes, *, theme: Theme = LIGHT) -> Picture:
    """Where one token's information came from, for the app: `st.altair_chart(picture, key=..., theme=None)`.

    With `on_select="rerun", selection_mode=["pin"]` a click on a token comes back as `.selection["pin"]`,
    `[{"place": 5}]`; the place after the last token is "nowhere". The selection is empty before the first
    click and again when the pointer has left the tokens: read it in a callback, ignore it when it is empty.

    Texts of up to 64 tokens are drawn in layers, longer ones as strips without lines. All tokens of a text,
    and all ways of following them, share one spec: Streamlit changes the data in place.
    """
    spec, tables, notes = _parts(routes, theme)
    return Picture(spec, tables, notes)


def flow_view(routes: Routes, *, theme: Theme = LIGHT, width: int = 980) -> alt.LayerChart:
    """Where one token's information came from, beside the same for even attention, as an Altair chart.

    `routes` is what `attnlit.flow` returns, or `attnlit.rollout(attention).routes(query)`; `width` is in
    pixels. It shows itself in a notebook and saves to HTML, PNG and SVG.
    """
    spec, tables, _ = _parts(routes, theme)
    return chart_with_data(alt.LayerChart.from_dict({**spec, "width": width}), tables)


def _parts(routes: Routes, theme: Theme) -> tuple[dict, dict, tuple[str, ...]]:
    drawn = drawing(routes)
    if len(routes.tokens) > MOST_LAYERED:
        return strip_spec(drawn, theme), *strip_tables(drawn, theme)
    return flow_spec(flow_shape(drawn, theme)), *flow_tables(drawn, theme)
