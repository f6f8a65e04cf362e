"""The public functions: the picture for the app, and the Altair chart for a notebook or a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from attnlit.attention.rows import Heads
from attnlit.charts.notebook import notebook_chart
from attnlit.charts.picture import Picture
from attnlit.charts.reading.data import reading_tables
from attnlit.charts.reading.layout import NARROWEST, STEP, WIDTHS
from attnlit.charts.reading.spec import spec_by_itself, theme_spec
from attnlit.charts.theme import LIGHT, Look, Theme, theme_of

if TYPE_CHECKING:
    import altair as alt

    from attnlit.attention import Attention

HOW_TO = "Point at a word of the answer to see what was read for it; click it to keep that."


def reading_picture(
    attention: Attention,
    heads: Heads = None,
    words: Sequence[int] = (0,),
    *,
    once_read: bool = False,
    theme: Theme = LIGHT,
) -> Picture:
    """The text, shaded by what was read of it, for the app: `st.altair_chart(picture, key=..., theme=None)`.

    With `on_select=..., selection_mode=["pin"]` a click comes back as `.selection["pin"]`, `[{"choice": 5}]`;
    -1 is a word that cannot be chosen. The other arguments are those of `reading_view`.
    """
    tables, notes = reading_tables(attention, heads, words, theme=theme, once_read=once_read)
    heights = tables["layouts"]["text_height"].to_pylist()

    def height(width: int) -> int:
        return int(heights[min(max((width - NARROWEST) // STEP, 0), WIDTHS - 1)])

    return Picture(theme_spec, theme, tables, height=height, notes=notes, draw_by_itself=spec_by_itself)


def reading_view(
    attention: Attention,
    heads: Heads = None,
    words: Sequence[int] = (0,),
    *,
    once_read: bool = False,
    theme: Look = "light",
    width: int = 900,
) -> alt.LayerChart:
    """The text itself as an Altair chart, with each word shaded by the attention that it gets.

    attention: a record of `attnlit.answer`, of `attnlit.passed_on` of one, or any other.
    heads: (layer, head) pairs whose mean is shown; all of the model if left out.
    words: the words whose mean attention is shown: places in `attention.written`, where 0 is the first token
    of the answer; in a record without an answer, places in `attention.queries`. Pointing at another word
    shows that word's. once_read: True shows what the words of an answer looked at once they were there, False
    what was read to write them, which is the row of the token before. width: in pixels.
    Raises AttnlitError for a word or head that does not exist, and for a filtered record of an answer.
    """
    picture = reading_picture(attention, heads, words, once_read=once_read, theme=theme_of(theme))
    return notebook_chart(picture, width)
