"""The reading view's specification: the running text, shaded, with who said what underlined.

One chart a theme; all that changes is in the tables of `attnlit.charts.reading.data`.
"""

from __future__ import annotations

from typing import Any

from attnlit.charts.later import alt
from attnlit.charts.picture import frozen
from attnlit.charts.reading.data import FINE, LEGEND_SIZE, SWATCH, TOP
from attnlit.charts.reading.layout import FONT_SIZE, LINE, NARROWEST, STEP, WIDTHS
from attnlit.charts.theme import Theme
from attnlit.charts.vega import (
    click_selection,
    computed,
    event_on,
    floor,
    framed,
    hover_selection,
    once,
    setup_signals,
    signal,
    table,
)

BEFORE_DATA = {"full": 1, "most": "", "chosen_row": 0, "pointing": False, "leftwards": False}
DARKEST = 0.6  # the opacity of the darkest ground: the words on it stay readable
UNSEEN = 0.7  # the opacity of words that were not there yet: they are read all the same
RAMP, STEPS = 90, 10  # pixels of the scale, and its shades
NOBODY = -1
_PINNED = f"(pointing && pin.choice && pin.choice[0] > {NOBODY})"


@frozen
def theme_spec(theme: Theme) -> alt.LayerChart:
    """For the app: a click is told to the server, and the next tables show what it made of it."""
    return _chart(theme, by_itself=False)


@frozen
def spec_by_itself(theme: Theme) -> alt.LayerChart:
    """For a notebook and a saved page: a click chooses in the browser."""
    return _chart(theme, by_itself=True)


def _chart(theme: Theme, *, by_itself: bool) -> alt.LayerChart:
    """The view without its data. Later layers lie on top of earlier ones."""
    chart = alt.layer(
        floor(),
        *_only_read(),
        *_grounds(theme, by_itself),
        _words(theme),
        *_head(theme),
        *_legend(theme),
        _pointer_areas(by_itself),
    ).add_params(*setup_signals(**BEFORE_DATA), *_which(by_itself), *_places())
    return framed(chart, theme, width=900)


def _only_read() -> list[alt.Chart]:
    """Marks that are never drawn: Vega knows only tables that a mark names, and these are read by signals."""
    return [table(name).transform_filter("false").mark_point() for name in ("layouts", "rows")]


def _which(by_itself: bool) -> list[alt.Parameter]:
    """The row that is shown: of the word pointed at, else of the chosen ones."""
    pinned = f"{_PINNED} ? pin.choice[0] : chosen_row" if by_itself else "chosen_row"
    return [
        signal("pinned_row", pinned),
        signal("over", f"pointing && hover.choice && hover.choice[0] >= 0 ? hover.choice[0] : {NOBODY}"),
        signal("shown_row", f"over > {NOBODY} ? over : pinned_row"),
        signal("shown", "data('rows')[shown_row] || {shades: '', sums: '', limit: 0, title: ''}"),
        signal("shades", "split(shown.shades, ',')"),
        signal("sums", "split(shown.sums, ',')"),
    ]


def _places() -> list[alt.Parameter]:
    """The layout for the widest width that fits into the window."""
    empty = (
        "{lines: '', xs: '', legend_lines: '', legend_xs: '', text_top: 0, text_height: 400, width: width}"
    )
    return [
        signal("layout_number", f"clamp(floor((width - {NARROWEST}) / {STEP}), 0, {WIDTHS - 1})"),
        signal("layout", f"data('layouts')[layout_number] || {empty}"),
        signal("word_lines", "split(layout.lines, ',')"),
        signal("word_xs", "split(layout.xs, ',')"),
        signal("entry_lines", "split(layout.legend_lines, ',')"),
        signal("entry_xs", "split(layout.legend_xs, ',')"),
        signal("text_top", "layout.text_top"),
        signal("height", "layout.text_height"),
        signal("shifted", "leftwards ? max(0, width - layout.width) : 0"),
    ]


_LEFT = "shifted + toNumber(word_xs[datum.place])"
_LINE_TOP = f"text_top + toNumber(word_lines[datum.place]) * {LINE}"
_SHADE = f"(datum.key < 0 ? 0 : toNumber(shades[datum.key] || 0) / {FINE})"


def _grounds(theme: Theme, by_itself: bool) -> list[alt.Chart]:
    """Behind every word: how much was read of it; a frame around the chosen ones; who said it, below."""
    at: dict[str, Any] = {"x": computed(_LEFT), "x2": computed(f"{_LEFT} + datum.space - 1")}
    box: dict[str, Any] = {"baseline": "top", "height": LINE - 7, "cornerRadius": 3}
    held = f"{_PINNED} ? datum.choice === pin.choice[0] : datum.held" if by_itself else "datum.held"
    return [
        table("tokens").mark_rect(fill=theme.accent, **box).encode(
            **at, y=computed(_LINE_TOP), fillOpacity=computed(f"{DARKEST} * {_SHADE}")
        ),
        table("tokens")
        .transform_filter(f"({held}) || datum.choice === over && over > {NOBODY}")
        .mark_rect(fillOpacity=0, stroke=theme.text, strokeWidth=1.5, **box)
        .encode(**at, y=computed(_LINE_TOP)),
        table("tokens")
        .transform_filter("datum.role !== ''")
        .mark_rect(baseline="top", height=2)
        .encode(
            x=computed(_LEFT), x2=computed(f"{_LEFT} + datum.space"), y=computed(f"{_LINE_TOP} + {LINE - 6}"),
            fill=computed("datum.said_by"),
        ),
    ]  # fmt: skip


def _words(theme: Theme) -> alt.Chart:
    seen = "datum.key < 0 || datum.key <= shown.limit"
    return (
        table("tokens")
        .mark_text(align="center", baseline="middle", fontSize=FONT_SIZE)
        .encode(
            x=computed(f"{_LEFT} + datum.space / 2"),
            y=computed(f"{_LINE_TOP} + {(LINE - 7) / 2}"),
            text="text:N",
            color=computed(f"datum.special ? '{theme.faint}' : '{theme.text}'"),
            opacity=computed(f"{seen} ? 1 : {UNSEEN}"),
        )
    )


def _head(theme: Theme) -> list[alt.Chart]:
    """What is shown, and what the grounds mean."""
    title = once().mark_text(
        align="left", baseline="middle", fontSize=13, fontWeight=600, color=theme.text,
        text=alt.ExprRef("shown.title"), limit=alt.ExprRef("width - 4"),
    )  # fmt: skip
    small: dict[str, Any] = {"fontSize": 11, "color": theme.faint, "baseline": "middle", "align": "left"}
    ramp = (
        alt.Chart(alt.sequence(0, STEPS, as_="step"))
        .mark_rect(align="left", baseline="middle", height=10, width=RAMP / STEPS, fill=theme.accent)
        .encode(
            x=computed(f"20 + datum.step * {RAMP / STEPS}"), y=alt.value(32),
            fillOpacity=computed(f"{DARKEST} * (datum.step + 0.5) / {STEPS}"),
        )
    )  # fmt: skip
    return [
        title.encode(x=alt.value(2), y=alt.value(10)),
        ramp,
        once().mark_text(text="0", **small).encode(x=alt.value(8), y=alt.value(32)),
        once()
        .mark_text(text=alt.ExprRef("most + ' and more'"), **small)
        .encode(x=alt.value(20 + RAMP + 6), y=alt.value(32)),
    ]


def _legend(theme: Theme) -> list[alt.Chart]:
    """Who said what, and how much was read of it in all."""
    left = "toNumber(entry_xs[datum.place]) + 2"
    middle = f"{TOP} + 8 + toNumber(entry_lines[datum.place]) * {LEGEND_SIZE + 8}"
    swatch = table("legend").mark_rect(align="left", baseline="middle", width=10, height=4)
    words = table("legend").mark_text(
        align="left", baseline="middle", fontSize=LEGEND_SIZE, color=theme.text,
        text=alt.ExprRef("datum.name + ' ' + (sums[datum.place] || '')"),
    )  # fmt: skip
    return [
        swatch.encode(x=computed(left), y=computed(middle), fill=computed("datum.colour")),
        words.encode(x=computed(f"{left} + {SWATCH - 2}"), y=computed(middle)),
    ]


def _pointer_areas(by_itself: bool) -> alt.Chart:
    """Invisible: pointing at a word that can be chosen shows what was read for it, a click chooses it."""
    leaving = [event_on("ground", "pointerover")]
    hover = hover_selection("hover", "word", "choice", also_cleared_by=leaving)
    kept: dict[str, Any] = {"clear": False} if by_itself else {}
    pin = click_selection("pin", "word", fields=["choice"], **kept)
    read = f"format({_SHADE} * full, '.1%') + ({_SHADE} >= 1 ? ' and more' : '')"
    words = (
        f"datum.chance ? {{'word': datum.text, 'read': {read}, 'probability': datum.chance, "
        f"'likely here': datum.likely}} : {{'word': datum.text, 'read': {read}}}"
    )
    return (
        table("tokens", name="word")
        .mark_rect(
            opacity=0, baseline="top", height=LINE,
            cursor=alt.ExprRef("datum.choice < 0 ? 'default' : 'pointer'"),
        )
        .encode(
            x=computed(_LEFT), x2=computed(f"{_LEFT} + datum.space"), y=computed(_LINE_TOP),
            tooltip=computed(words),
        )
        .add_params(hover, pin)
    )  # fmt: skip
