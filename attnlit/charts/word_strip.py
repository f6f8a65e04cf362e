"""A text, word after word as it is read, each on a ground coloured by a number of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from attnlit.charts.labels import labels
from attnlit.charts.later import alt
from attnlit.charts.legend import colour_of, legend, legend_tables, limits_of
from attnlit.charts.notebook import notebook_chart
from attnlit.charts.packed_text import rows_table
from attnlit.charts.picture import Picture, frozen
from attnlit.charts.text_width import text_width
from attnlit.charts.theme import LIGHT, Theme, ink_on
from attnlit.charts.vega import (
    click_selection,
    computed,
    floor,
    framed,
    hover_selection,
    setup_signals,
    signal,
    table,
)
from attnlit.errors import AttnlitError
from attnlit.wording import number_text

if TYPE_CHECKING:
    import pyarrow as pa

    from attnlit.attention.record import Token

FONT_SIZE, LINE, GAP, MARGIN = 14, 30, 3, 2  # pixels
WIDEST = 180  # pixels of a word; a longer one is cut with an ellipsis
LEGEND_SPACE = 40  # pixels
# The lines are broken for these widths, in pixels, on the server; the browser takes the widest that fits.
WIDTHS = (300, 380, 500, 640, 820, 1040)
_NOBODY = -1


def word_strip_picture(
    tokens: Sequence[Token],
    values: np.ndarray,
    *,
    title: str,
    form: str = "+.2f",
    selected: int | None = None,
    limit: float | None = None,
    theme: Theme = LIGHT,
) -> Picture:
    """The text, for the app. values: float (N,), signed: blue above and orange below zero; NaN has no colour.

    title: what the number is; it stands under the text beside the colours. form: how a number is written, a
    Python format. limit: the value of the strongest colour (None: the largest, whatever its sign). A click
    comes back as the selection "word", `[{"place": 5}]`; the word `selected` is framed.
    Raises AttnlitError where the values are not one for each token.
    """
    values = np.asarray(values, np.float64)
    if values.shape != (len(tokens),) or not len(tokens):
        raise AttnlitError(f"There must be one number for each of the {len(tokens)} tokens.")
    low, high = limits_of(values, signed=True) if limit is None else (-limit, limit)
    texts = labels(tokens)
    widths = [min(WIDEST, round(text_width(text, FONT_SIZE)) + 10) for text in texts]
    breaks = [_broken(widths, room) for room in WIDTHS]
    colours = [colour_of(value, low, high, True, theme) for value in values]
    lines = [int(line[-1]) + 1 for line, _ in breaks]
    columns: dict[str, np.ndarray] = {}
    for number, (line, left) in enumerate(breaks):
        columns |= {f"line{number}": line, f"left{number}": left}
    tables: dict[str, pa.Table] = {
        "setup": rows_table(
            selected=[_NOBODY if selected is None else selected],
            **{f"lines{number}": [count] for number, count in enumerate(lines)},
        ),
        "words": rows_table(
            place=np.arange(len(texts), dtype=np.int16),
            text=texts,
            room=np.array(widths, np.int16),
            colour=colours,
            ink=[ink_on(colour) for colour in colours],
            number=[number_text(value, form) for value in values],
            **columns,
        ),
        **legend_tables(low, high, title, form, True, theme),
    }
    return Picture(theme_spec, theme, tables, height=lambda width: lines[_fits(width)] * LINE + LEGEND_SPACE)


def word_strip(
    tokens: Sequence[Token],
    values: np.ndarray,
    *,
    title: str,
    form: str = "+.2f",
    theme: Theme = LIGHT,
    width: int = 640,
) -> alt.LayerChart:
    """The text as an Altair chart, to show in a notebook or to save; see `word_strip_picture`."""
    return notebook_chart(word_strip_picture(tokens, values, title=title, form=form, theme=theme), width)


def _broken(widths: Sequence[int], room: int) -> tuple[np.ndarray, np.ndarray]:
    """(the line of each word, its left edge in pixels), where a line has this much room."""
    lines, lefts = [], []
    line = left = 0
    for width in widths:
        if left and left + width > room:
            line, left = line + 1, 0
        lines.append(line)
        lefts.append(left)
        left += width + GAP
    return np.array(lines, np.int16), np.array(lefts, np.int16)


def _fits(width: int) -> int:
    """Which of `WIDTHS` the lines are broken for in a picture of this width."""
    return max([number for number, room in enumerate(WIDTHS) if room + MARGIN <= width], default=0)


# ------------------------------------------------------------------------------------------------- the chart


@frozen
def theme_spec(theme: Theme) -> alt.LayerChart:
    """The words without their data."""
    line, left = _for_the_width("datum.line"), f"{MARGIN} + {_for_the_width('datum.left')}"
    top = f"{MARGIN} + ({line}) * {LINE}"
    words = table("words")
    box = {
        "x": computed(left),
        "x2": computed(f"{left} + datum.room"),
        "y": computed(top),
        "y2": computed(f"{top} + {LINE - 6}"),
    }
    grounds = words.mark_rect(cornerRadius=3).encode(**box, fill=alt.Fill("colour:N", scale=None))
    texts = words.mark_text(
        align="center", baseline="middle", fontSize=FONT_SIZE, limit=alt.ExprRef("datum.room - 6")
    ).encode(
        x=computed(f"{left} + datum.room / 2"),
        y=computed(f"{top} + {(LINE - 6) / 2}"),
        text="text:N",
        color=alt.Color("ink:N", scale=None),
    )
    frames = (
        words.transform_filter("datum.place === selected || datum.place === active")
        .mark_rect(cornerRadius=3, fillOpacity=0, stroke=theme.text)
        .encode(**box, strokeWidth=computed("datum.place === selected ? 2 : 1"))
    )
    chart = alt.layer(
        floor(),
        grounds,
        texts,
        frames,
        *legend(theme, MARGIN, f"{MARGIN} + lines * {LINE} + 8"),
        _pointer_areas(box),
    ).add_params(
        *setup_signals(selected=_NOBODY, **{f"lines{number}": 1 for number in range(len(WIDTHS))}),
        signal("lines", _for_the_width("lines")),
        signal("height", f"lines * {LINE} + {LEGEND_SPACE}"),
        signal("active", f"hover.place ? hover.place[0] : {_NOBODY}"),
    )
    return framed(chart, theme)


def _for_the_width(name: str) -> str:
    """The one of several columns or signals, `name0`, `name1` ..., that the picture's width asks for."""
    choice = f"{name}0"  # the widest that fits is asked first
    for number, room in enumerate(WIDTHS[1:], start=1):
        choice = f"width >= {room + MARGIN} ? {name}{number} : {choice}"
    return f"({choice})"


def _pointer_areas(box: dict[str, object]) -> alt.Chart:
    """Invisible boxes: a hover shows the number, a click chooses the word."""
    hover = hover_selection("hover", "box", "place")
    chosen = click_selection("word", "box", fields=["place"])
    return (
        table("words", name="box")
        .mark_rect(opacity=0, cursor="pointer")
        .encode(**box, tooltip=computed("{'token': datum.text, 'value': datum.number}"))
        .add_params(hover, chosen)
    )
