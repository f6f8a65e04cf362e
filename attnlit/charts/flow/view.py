"""The public functions: the picture for the app, and the Altair chart for a notebook or a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attnlit.charts.flow import spec, strips
from attnlit.charts.flow.data import Routes, drawing, flow_tables
from attnlit.charts.notebook import notebook_chart
from attnlit.charts.picture import Picture
from attnlit.charts.theme import LIGHT, Look, Theme, theme_of
from attnlit.errors import AttnlitError
from attnlit.wording import a_kind

if TYPE_CHECKING:
    import altair as alt

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

    Texts of up to 64 tokens are drawn in layers, longer ones as strips without lines. All pictures of a
    theme that are drawn alike share one specification: Streamlit changes the data in place.
    """
    drawn = drawing(routes)
    long = len(routes.tokens) > MOST_LAYERED
    tables, notes = (strips.strip_tables if long else flow_tables)(drawn, theme)
    height = int(tables["setup"]["height"][0].as_py())
    draw = strips.theme_spec if long else spec.theme_spec
    return Picture(draw, theme, tables, height=lambda _: height, notes=notes)


def flow_view(routes: Routes, *, theme: Look = "light", width: int = 980) -> alt.LayerChart:
    """Where one token's information came from, beside the same for even attention, as an Altair chart.

    `routes` is what `attnlit.flow` returns, or `attnlit.rollout(attention).routes(query)`; `width` is in
    pixels. It shows itself in a notebook and saves to HTML, PNG and SVG. Raises AttnlitError for anything
    else.
    """
    if not isinstance(routes, Routes):
        raise AttnlitError(
            "This takes what attnlit.flow returns, or attnlit.rollout(attention).routes(query), not "
            f"{a_kind(routes)}."
        )
    return notebook_chart(flow_picture(routes, theme=theme_of(theme)), width)
