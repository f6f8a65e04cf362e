"""The picture of flow for a long text: no lines, but the share that each token holds after each layer.

Three strips with the tokens across: the model's, the last layer on top and the inputs at the bottom; the same
of even attention; and how many times the even share each input's is. A strip is one small picture made on the
server, a pixel a token, which the browser stretches without smoothing. Shades are spaced by tens: most of a
long text's shares are tiny.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from attnlit.charts.flow.data import SIDES, Drawing, token_table
from attnlit.charts.flow.layout import DOUBLINGS, NOBODY
from attnlit.charts.later import alt
from attnlit.charts.packed_text import rows_table
from attnlit.charts.picture import frozen
from attnlit.charts.png import palette, palette_picture
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

TENS = 4  # from 100% down to 0.01% of the whole, which is clear
SHADES = 255
LEFT = 78  # pixels for the strips' names
TOP, BETWEEN, RATIO_HEIGHT, TOKENS_HEIGHT, LEGEND_HEIGHT = 26, 26, 18, 84, 30  # pixels
MOST_STRIP, USUAL_ROW = 196, 14  # pixels: a strip's height, and a layer's
_STRIPS = {"own": f"{TOP}", "even": f"({TOP + BETWEEN} + strip_height)"}  # where each begins
_RATIO = f"({TOP + 2 * BETWEEN} + 2 * strip_height)"


def strip_tables(drawn: Drawing, theme: Theme) -> tuple[dict[str, pa.Table], tuple[str, ...]]:
    """The tables that the specification names, and the sentences for under the picture."""
    colours = {"own": theme.accent, "even": theme.faint}
    images = [_shaded(drawn.nodes[side][::-1], colours[side]) for side in SIDES]
    tables = {
        "tokens": token_table(drawn, theme),
        "setup": _setup_table(drawn),
        "images": rows_table(strip=[*SIDES, "ratio"], url=[*images, _signed(drawn.ratio, theme)]),
        "ramp": rows_table(
            step=np.arange(TENS + 1, dtype=np.int16),
            opacity=np.arange(TENS + 1) / TENS,
            words=[f"{10.0 ** (2 - TENS + step):g}%" for step in range(TENS + 1)],
        ),
    }
    note = "Beyond 64 tokens no lines are drawn. From one shade to the next, a share is ten times as large."
    return tables, (note,)


def _setup_table(drawn: Drawing) -> pa.Table:
    layers = len(drawn.edges["own"])
    strip = min(MOST_STRIP, (layers + 1) * USUAL_ROW)
    return rows_table(
        last_layer=[drawn.layer_numbers[-1]],
        count=[len(drawn.texts)],
        strip_height=[strip],
        height=[TOP + 2 * BETWEEN + 2 * strip + RATIO_HEIGHT + TOKENS_HEIGHT + LEGEND_HEIGHT],
        query=[drawn.query],
    )


def _shaded(shares: np.ndarray, colour: str) -> str:
    """Shares (levels, tokens) as a picture."""
    with np.errstate(divide="ignore"):
        opacity = np.clip(1 + np.log10(shares) / TENS, 0, 1)
    shades = np.rint(opacity * SHADES).astype(np.uint8)
    return palette_picture(shades, palette([colour] * (SHADES + 1), range(SHADES + 1)), bits=8)


def _signed(ratio: np.ndarray, theme: Theme) -> str:
    """Ratios (tokens,) as a picture: blue above 1, orange below, clear at 1 and where there is no ratio."""
    half = SHADES // 2
    reach = np.log2(np.maximum(np.nan_to_num(ratio, nan=1.0), 2.0**-DOUBLINGS)) / DOUBLINGS
    shades = np.rint(half + np.clip(reach, -1, 1) * half).astype(np.uint8)
    steps = range(-half, half + 1)
    colours = [theme.negative if step < 0 else theme.positive for step in steps]
    return palette_picture(shades[None], palette(colours, [abs(step) * 2 for step in steps]), bits=8)


# ----------------------------------------------------------------------------------------- the specification


@frozen
def theme_spec(theme: Theme) -> alt.LayerChart:
    """The view without its data. Later layers lie on top of earlier ones."""
    chart = alt.layer(
        floor(),
        *_strips(theme),
        *_names(theme),
        *_token_texts(theme),
        *_legend(theme),
        *_pointed_at(theme),
        _pointer_areas(),
    ).add_params(*_signals())
    return framed(chart, theme, width=980)


def _signals() -> list[alt.Parameter]:
    return [
        *setup_signals(last_layer=0, count=1, strip_height=1, height=400, query=NOBODY),
        signal("active", f"hover.place ? hover.place[0] : {NOBODY}"),
        signal("strip_width", f"width - {LEFT} - 2"),
        signal("cell", "strip_width / count"),
        signal("label_step", "ceil(15 / cell)"),  # every so many tokens have a label
    ]


def _strips(theme: Theme) -> list[alt.Chart]:
    marks = []
    heights = {"own": "strip_height", "even": "strip_height", "ratio": f"{RATIO_HEIGHT}"}
    for strip, y in {**_STRIPS, "ratio": _RATIO}.items():
        size = {"width": alt.ExprRef("strip_width"), "height": alt.ExprRef(heights[strip])}
        where = {"x": alt.value(LEFT), "y": computed(y)}
        ground = once().mark_rect(align="left", baseline="top", fill=theme.panel, stroke=theme.rule, **size)
        image = (
            table("images")
            .transform_filter(f"datum.strip === '{strip}'")
            .mark_image(align="left", baseline="top", aspect=False, smooth=False, **size)
        )
        marks += [ground.encode(**where), image.encode(url="url:N", **where)]
    return marks


def _names(theme: Theme) -> list[alt.Chart]:
    """What each strip is, and which end of it the inputs are."""
    bold = {"fontSize": 12, "fontWeight": 600, "color": theme.text, "baseline": "middle"}
    small = {"fontSize": 11, "color": theme.faint, "baseline": "middle", "align": "right"}

    def text(words: str, x: int, y: str, style: dict[str, Any]) -> alt.Chart:
        return once().mark_text(text=alt.ExprRef(words), **style).encode(x=alt.value(x), y=computed(y))

    titles = {"own": "'This model'", "even": "'If attention were even'"}
    left = {**bold, "align": "left"}
    marks = [text(titles[strip], LEFT, f"{y} - 12", left) for strip, y in _STRIPS.items()]
    for y in _STRIPS.values():
        marks.append(text("'after layer ' + last_layer", LEFT - 6, f"{y} + 7", small))
        marks.append(text("'input'", LEFT - 6, f"{y} + strip_height - 7", small))
    marks.append(text("'× even'", LEFT - 6, f"{_RATIO} + {RATIO_HEIGHT / 2}", {**bold, "align": "right"}))
    return marks


def _token_texts(theme: Theme) -> list[alt.Chart]:
    """The tokens, thinned out; the one pointed at, or else the chosen one, always and in bold."""
    y = computed(f"{_RATIO} + {RATIO_HEIGHT + 7}")
    style = {"angle": 90, "align": "left", "baseline": "middle", "fontSize": 11, "limit": TOKENS_HEIGHT - 10}
    x = computed(f"{LEFT} + (datum.place + 0.5) * cell")
    shown = "(active < 0 ? query : active)"
    near = f"abs(datum.place - {shown}) * cell < 14"
    tokens = table("tokens")
    many = tokens.transform_filter(f"datum.place % label_step === 0 && !({near})")
    one = tokens.transform_filter(f"datum.place === {shown}")
    return [
        many.mark_text(**style, color=theme.faint).encode(x=x, y=y, text="text:N"),
        one.mark_text(**style, color=theme.text, fontWeight=700).encode(x=x, y=y, text="text:N"),
    ]


def _legend(theme: Theme) -> list[alt.Chart]:
    """What the shades mean."""
    y = computed(f"height - {LEGEND_HEIGHT / 2}")
    ramp = table("ramp")
    x = f"{LEFT} + 46 + datum.step * 58"
    swatch = {"align": "left", "baseline": "middle", "width": 12, "height": 12}
    style = {"align": "left", "baseline": "middle", "fontSize": 11, "color": theme.faint}
    return [
        once().mark_text(text="share", **style).encode(x=alt.value(LEFT), y=y),
        ramp.mark_rect(**swatch, fill=theme.accent, stroke=theme.rule).encode(
            x=computed(x), y=y, fillOpacity=computed("datum.opacity")
        ),
        ramp.mark_text(**style).encode(x=computed(f"{x} + 17"), y=y, text="words:N"),
    ]


def _pointed_at(theme: Theme) -> list[alt.Chart]:
    """A mark over the chosen token, and a frame around the column pointed at."""
    bottom = f"{_RATIO} + {RATIO_HEIGHT}"

    def frame(place: str, colour: str) -> alt.Chart:
        return (
            once()
            .transform_filter(f"{place} >= 0")
            .mark_rect(align="left", baseline="top", fillOpacity=0, stroke=colour, strokeWidth=1.5)
            .encode(
                x=computed(f"{LEFT} + {place} * cell - 1"),
                x2=computed(f"{LEFT} + ({place} + 1) * cell + 1"),
                y=alt.value(TOP - 1),
                y2=computed(bottom),
            )
        )

    return [frame("query", theme.accent), frame("active", theme.text)]


def _pointer_areas() -> alt.Chart:
    """Invisible columns: a hover shows the numbers, a click chooses the token."""
    leaving = [event_on("ground", "pointerover")]
    hover = hover_selection("hover", "column", "place", also_cleared_by=leaving)
    chosen = click_selection("pin", "column", fields=["place"], clear={"merge": leaving})
    words = (
        "'token': datum.text, 'share': datum.share_text, 'if attention were even': datum.even_text, "
        "'× even': datum.ratio_text || 'out of reach'"
    )
    return (
        table("tokens", name="column")
        .mark_rect(opacity=0, cursor="pointer")
        .encode(
            x=computed(f"{LEFT} + datum.place * cell"),
            x2=computed(f"{LEFT} + (datum.place + 1) * cell"),
            y=alt.value(TOP),
            y2=computed(f"{_RATIO} + {RATIO_HEIGHT + TOKENS_HEIGHT}"),
            tooltip=computed(f"{{{words}}}"),
        )
        .add_params(hover, chosen)
    )
