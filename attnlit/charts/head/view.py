"""The head view: tokens in two columns, a line from each token to what it attends to, one colour a head.

After Vig 2019 (arXiv 1904.02679) and BertViz. The left column attends *from*, the right one is attended *to*;
a line's opacity is the attention weight itself, however many heads are shown.

While nothing is pointed at, at most `budget` lines are drawn, the strongest (`data.line_budget` says how many
if it is left out). A token under the pointer, or a pinned one, shows all of its lines, one small square per
head beside the other column, and as a number the mean over the heads that are switched on. Behind a pinned
token's lines those of the others stay, in grey.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from attnlit.attention.given import checked_switch
from attnlit.attention.record import layer_or_first
from attnlit.attention.rows import chosen_heads
from attnlit.charts.head.data import head_shape, head_tables
from attnlit.charts.head.layout import height_at
from attnlit.charts.head.rows import spec_by_itself as rows_by_itself
from attnlit.charts.head.rows import theme_spec as rows_spec
from attnlit.charts.head.rows_layout import in_rows, rows_height, rows_notes
from attnlit.charts.head.spec import spec_by_itself, theme_spec
from attnlit.charts.notebook import notebook_chart
from attnlit.charts.picture import Picture
from attnlit.charts.pinned import Pin, checked_pin
from attnlit.charts.theme import LIGHT, Look, Theme, theme_of

if TYPE_CHECKING:
    import altair as alt

    from attnlit.attention import Attention


def head_picture(
    attention: Attention,
    layer: int = 0,
    heads: Sequence[int] | None = None,
    *,
    theme: Theme = LIGHT,
    budget: int | None = None,
    pinned: Pin | None = None,
    answered: str | None = None,
    rows: bool = False,
) -> Picture:
    """The head view of one layer, for the app: `st.altair_chart(picture, key=..., theme=None)`.

    `heads` are the heads that are on (all when left out), and `pinned` is the pinned token. All pictures of
    a theme share one specification.

    `answered` is for a picture whose clicks come back, as `event.selection` with
    `on_select=..., selection_mode=clicks.SELECTIONS`: `ChosenHeads.from_selection` and
    `PinnedToken.from_selection` say what they mean, and the next picture is drawn with that and with
    `last_click(event.selection)`. Then every head of the layer has a switch, else only those that are
    on, and these do nothing.

    `budget` is how many lines are drawn, the strongest. With `rows` queries stand in a row above and keys in
    one below, for short texts and scripts without spaces. Raises `AttnlitError` for a layer or head that the
    record does not have.
    """
    rows = checked_switch(rows, "rows")
    heads = chosen_heads(attention, layer, heads)
    switches = heads if answered is None else list(range(attention.heads))
    pin = checked_pin(attention, pinned)
    tables, notes = head_tables(
        attention, layer, heads, theme=theme, budget=budget, pinned=pin, switches=switches, answered=answered
    )
    shape = head_shape(attention, len(switches))
    spec, by_itself, height = theme_spec, spec_by_itself, shape.height
    if rows:
        tables = in_rows(tables, attention, shape)
        notes = (*rows_notes(tables), *notes)
        spec, by_itself, height = rows_spec, rows_by_itself, rows_height(shape)
    return Picture(
        spec,
        theme,
        tables,
        height=lambda width: height_at(width, height, len(switches)),
        notes=notes,
        draw_by_itself=by_itself,
        begins_with={"pin": [{"side": pin.side, "index": pin.index}]} if pin else {},
    )


def head_view(
    attention: Attention,
    layer: int | None = None,
    heads: Sequence[int] | None = None,
    *,
    theme: Look = "light",
    budget: int | None = None,
    pinned: Pin | None = None,
    width: int = 760,
    rows: bool = False,
) -> alt.LayerChart:
    """The head view of one layer as an Altair chart: shows itself in a notebook, saves to HTML, PNG and SVG.

    `layer` is the model's number of it (the first with attention when left out); `heads` are head numbers
    (all when left out); `budget` is how many lines are drawn, the strongest (2,000 when left out, fewer
    beyond 256 tokens); `pinned` is a token to single out, such as ("query", 3); `width` is in pixels; `rows`
    lets tokens stand in rows, queries above and keys below. Raises `AttnlitError` for a layer or head that
    the record does not have.
    """
    layer = layer_or_first(attention, layer)
    picture = head_picture(
        attention, layer, heads, theme=theme_of(theme), budget=budget, pinned=pinned, rows=rows
    )
    return notebook_chart(picture, width)
