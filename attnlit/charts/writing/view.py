"""The public functions: the picture for the app, and the Altair chart for a notebook or a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attnlit.charts.notebook import notebook_chart
from attnlit.charts.picture import Picture
from attnlit.charts.theme import LIGHT, Look, Theme, theme_of
from attnlit.charts.writing.data import Sum, sum_tables
from attnlit.charts.writing.spec import theme_spec
from attnlit.errors import AttnlitError
from attnlit.wording import a_kind

if TYPE_CHECKING:
    import altair as alt


def writing_picture(
    found: Sum,
    *,
    kind: str = "self",
    selected: tuple[int, int] | None = None,
    theme: Theme = LIGHT,
) -> Picture:
    """The sum that makes a word's logit, for the app: `st.altair_chart(picture, key=..., theme=None)`.

    The parts that add or take most have a bar each, in the order of the forward pass; the others share one
    for each kind. The last bar is the logit, or the difference of two. kind: of the attention whose heads can
    be clicked; a click comes back as the selection "cell", as in the head map. `selected` (layer, head) has a
    bar of its own, and is marked. Raises AttnlitError for a table that is none of parts.
    """
    tables = sum_tables(found, kind, selected, theme)
    height = int(tables["setup"]["height"][0].as_py())
    return Picture(theme_spec, theme, tables, height=lambda _: height)


def writing_view(found: Sum, *, theme: Look = "light", width: int = 640) -> alt.LayerChart:
    """The sum that makes a word's logit, as an Altair chart.

    `found` is what `attnlit.writes` returns; `width` is in pixels. It shows itself in a notebook and saves to
    HTML, PNG and SVG. Raises AttnlitError for anything else.
    """
    if not isinstance(found, Sum):
        raise AttnlitError(f"This takes what attnlit.writes returns, not {a_kind(found)}.")
    return notebook_chart(writing_picture(found, theme=theme_of(theme)), width)
