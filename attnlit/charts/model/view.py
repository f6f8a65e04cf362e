"""The model view: every head of every layer as a thumbnail of its head view, in a grid of layers x heads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from attnlit.attention.record import check_record
from attnlit.charts.grid import OTHERS, current_table, grid_height
from attnlit.charts.model.data import checked_layers, model_tables, near_of
from attnlit.charts.model.others import bands_above
from attnlit.charts.model.roles import Roles, names_of_heads, roles_tables
from attnlit.charts.model.spec import HIGHEST_CELL, below, spec_by_itself, spec_of_many, theme_spec
from attnlit.charts.near import FEW
from attnlit.charts.notebook import notebook_chart
from attnlit.charts.opacity import scale_notes
from attnlit.charts.picture import Picture
from attnlit.charts.theme import LIGHT, Look, Theme, theme_of

if TYPE_CHECKING:
    import altair as alt

    from attnlit.attention.record import Attention

NOTE = (
    "Each thumbnail is one head: lines run from the token that looks (left) to the token looked at (right)."
)
ROLE_NOTE = " Its colour is the head's role on this text; click a role, and the heads of all others fade."


def model_picture(
    attention: Attention,
    *,
    selected: tuple[int, int] | None = None,
    layers: Sequence[int] | None = None,
    roles: Roles | None = None,
    only: str | None = None,
    theme: Theme = LIGHT,
) -> Picture:
    """The model view, for the app: `st.altair_chart(picture, key=..., theme=None)`.

    `selected` (layer, head) is framed. The frame follows the caller, not the click: with
    `on_select="rerun", selection_mode=["cell"]` a click comes back as `.selection["cell"]`,
    `[{"layer": 3, "head": 7}]`, and is to be passed on as `selected`. The selection is empty before the
    first click and again when the pointer has left the chart, so that a second click on the same head counts:
    read it in a callback and ignore it when it is empty.

    Where only some layers of the model have attention, the others are grey bands in their places.
    `layers` keeps only those layers, in that order. A thumbnail has the colour of its head's role where
    `roles` are given, and one ink else; with `only`, one of their names, the heads of other roles fade. A
    click on a role comes back as `.selection["role"]`, `[{"to": "Induction"}]`: what `only` is to be next, ""
    for nothing. All pictures of a theme share one specification, those of many heads (`near`) another.
    Thumbnails are drawn at a record's first showing and kept (`model.data.drawn`). Raises `AttnlitError`
    where a layer, head or role does not exist.
    """
    check_record(attention)
    shown = checked_layers(attention, layers)
    if selected is not None:
        attention.row(*selected)
    names, bands = names_of_heads(roles, attention, shown), bands_above(attention, shown)
    tables = model_tables(attention, shown, theme, roles) | roles_tables(roles, names, only, bands, theme)
    many = attention.heads > FEW
    if many:
        tables["near"] = near_of(attention, shown, selected, theme, roles, only)
    present = tables["roles"].num_rows

    def height(width: int) -> int:
        under, near = below(present, width), many and tables["near"].num_rows > 0
        cells = grid_height(len(shown), attention.heads, HIGHEST_CELL, width, under, near=near)
        return cells + bands[-1] * OTHERS

    return Picture(
        spec_of_many if many else theme_spec,
        theme,
        tables | {"current": current_table(shown, selected, bands)},
        height=height,
        notes=(NOTE + ROLE_NOTE * (present > 0), *scale_notes(attention, full=1.0)),
        draw_by_itself=spec_by_itself,
        begins_with={} if only is None else {"role": [{"role": only}]},
    )


def model_view(
    attention: Attention,
    *,
    layers: Sequence[int] | None = None,
    roles: Roles | None = None,
    only: str | None = None,
    theme: Look = "light",
    width: int = 800,
) -> alt.LayerChart:
    """The model view as an Altair chart: shows itself in a notebook, saves to HTML, PNG and SVG.

    A click frames a head. `layers` keeps only those layers, in that order. With `roles`, such as
    `Roles(*attnlit.analysis.scores.main_roles(attention))`, a thumbnail has the colour of its head's role; a
    click on a role, or `only` with its name, lets the heads of others fade. `width` is in pixels. Raises
    `AttnlitError` where a layer or role does not exist.
    """
    picture = model_picture(attention, layers=layers, roles=roles, only=only, theme=theme_of(theme))
    return notebook_chart(picture, width)
