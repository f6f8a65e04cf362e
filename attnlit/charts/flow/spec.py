"""The layered picture's specification: which marks there are, and what each depends on.

From left to right: the tokens; the share of each in the chosen token, with a tick where even attention would
leave it; the model's routes, from the inputs to the chosen token after the last layer; the same of even
attention; and how many times the even share the model's is.

One chart a theme; all that changes is in the tables of `attnlit.charts.flow.data`.
"""

from __future__ import annotations

from attnlit.charts.flow.data import FINE, PARTS, SIDES
from attnlit.charts.flow.layout import DOUBLINGS, NOBODY, SHARE_NUMBER, TOP, places
from attnlit.charts.flow.titles import layer_numbers, titles
from attnlit.charts.later import alt
from attnlit.charts.picture import frozen
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

BEFORE_DATA = {
    "layers": 1, "layer_names": "0", "count": 1, "row": 1, "height": 400, "token_room": 72,
    "font_size": 14, "query": NOBODY, "with_parts": False,
}  # fmt: skip
THICKEST = 14  # pixels of a line through which everything goes
LINE_OPACITY = 0.7  # where lines cross, both are seen
LARGEST_DOT = 150  # square pixels of a dot that holds everything


@frozen
def theme_spec(theme: Theme) -> alt.LayerChart:
    """The view without its data. Later layers lie on top of earlier ones."""
    chart = alt.layer(
        *_grounds(theme),
        *_shares(theme),
        *_graph(theme, "own", theme.accent),
        *_graph(theme, "even", theme.faint),
        *_ratios(theme),
        _token_texts(),
        *titles(theme),
        *layer_numbers(theme),
        _pointer_areas(),
    ).add_params(*setup_signals(**BEFORE_DATA), *_which(), *places())
    return framed(chart, theme, width=980)


def _which() -> list[alt.Parameter]:
    """The chosen token; and the one pointed at, with the part of everything that ends in it."""
    signals = [
        signal("active", f"hover.place ? hover.place[0] : {NOBODY}"),
        signal("following", "with_parts && active >= 0"),
    ]
    for side, share in zip(SIDES, ("share", "even"), strict=True):
        parts, shares = f"pluck(data('tokens'), '{side}_parts')", f"pluck(data('tokens'), '{share}')"
        signals += [
            signal(f"{side}_active", f"following ? split({parts}[active] || '', ',') : []"),
            signal(f"{side}_of_active", f"following ? max({shares}[active], 1e-9) : 1"),
        ]
    return signals


def _middle(place: str) -> str:
    """Where a token's row has its middle."""
    return f"{TOP} + ({place} + 0.5) * row"


# ------------------------------------------------------------------------------------------------------ marks


def _grounds(theme: Theme) -> list[alt.Chart]:
    """An invisible floor, where pointing ends a hover; grounds behind the chosen token's row and another."""

    def behind(place: str, colour: str) -> alt.Chart:
        return (
            once()
            .transform_filter(f"{place} >= 0")
            .mark_rect(cornerRadius=4, baseline="top", fill=colour, height=alt.ExprRef("row"))
            .encode(x=alt.value(0), x2=computed("width"), y=computed(f"{TOP} + {place} * row"))
        )

    return [floor(), behind("active", theme.hover), behind("query", theme.pinned)]


def _graph(theme: Theme, side: str, colour: str) -> list[alt.Chart]:
    """One side's routes: a faint dot a token and layer; lines as thick, and dots as large, as their share."""
    left = f"{side}_left"
    grid = (
        table("tokens")
        .transform_calculate(levels="sequence(layers + 1)")
        .transform_flatten(["levels"], ["level"])
        .mark_point(size=5, filled=True, fill=theme.faint, fillOpacity=0.35, shape="circle")
        .encode(x=computed(f"{left} + datum.level * step"), y=computed(_middle("datum.place")))
    )
    dots = (
        table(f"{side}_dots")
        .transform_calculate(
            level="split(datum.levels, ',')",
            place="split(datum.places, ',')",
            share="split(datum.shares, ',')",
        )
        .transform_flatten(["level", "place", "share"])
        .transform_calculate(place="toNumber(datum.place)")
        .mark_point(filled=True, fill=colour, shape="circle", opacity=1)
        .encode(
            x=computed(f"{left} + datum.level * step"),
            y=computed(_middle("datum.place")),
            size=computed(f"max(6, datum.share / {FINE} * {LARGEST_DOT})"),
        )
    )  # fmt: skip
    return [grid, _lines(side, colour), dots]


def _lines(side: str, colour: str) -> alt.Chart:
    """All lines; while a token is pointed at, the ways to it alone, as shares of what comes from it."""
    ends_in_active = (
        f"datum.layer > 0 ? ({side}_active[(datum.layer - 1) * count + datum.below] || 0) / {PARTS}"
        " : datum.below === active ? 1 : 0"
    )
    of_active = f"following ? ({ends_in_active}) / {side}_of_active : 1"
    return (
        table(f"{side}_lines")
        .transform_calculate(
            layer="split(datum.layers, ',')",
            above="split(datum.aboves, ',')",
            below="split(datum.belows, ',')",
            share="split(datum.shares, ',')",
        )
        .transform_flatten(["layer", "above", "below", "share"])
        .transform_calculate(
            layer="toNumber(datum.layer)", above="toNumber(datum.above)", below="toNumber(datum.below)"
        )
        .transform_calculate(thickness=f"min(1, datum.share / {FINE} * ({of_active})) * {THICKEST}")
        .transform_filter("datum.thickness > 0.02")
        .mark_rule(stroke=colour, strokeCap="round")
        .encode(
            x=computed(f"{side}_left + datum.layer * step"),
            x2=computed(f"{side}_left + (datum.layer + 1) * step"),
            y=computed(_middle("datum.below")),
            y2=computed(_middle("datum.above")),
            # Thinner than a pixel a line gets paler instead: viewers of PDFs draw the thinnest a pixel wide.
            strokeWidth=computed("max(1, datum.thickness)"),
            strokeOpacity=computed(f"{LINE_OPACITY} * min(1, datum.thickness)"),
        )
    )


def _shares(theme: Theme) -> list[alt.Chart]:
    """The share of each input as a bar, its number, and a tick where even attention would leave it."""
    tokens = table("tokens")
    with_bars = tokens.transform_filter("!narrow")
    middle, length = _middle("datum.place"), f"(share_width - {SHARE_NUMBER}) / largest_share"
    bars = with_bars.mark_bar(
        fill=theme.accent, align="left", baseline="middle", height=alt.ExprRef("row * 0.5"), cornerRadius=1
    )
    ticks = with_bars.mark_rule(stroke=theme.text, strokeWidth=2)
    numbers = tokens.mark_text(
        align="left", baseline="middle", fontSize=alt.ExprRef("font_size - 2"), color=theme.faint
    )
    return [
        bars.encode(
            x=computed("shares_left"), x2=computed(f"shares_left + datum.share * {length}"),
            y=computed(middle),
        ),
        ticks.encode(
            x=computed(f"shares_left + datum.even * {length}"),
            y=computed(f"{middle} - row * 0.36"), y2=computed(f"{middle} + row * 0.36"),
        ),
        numbers.encode(
            x=computed(f"shares_left + (narrow ? 0 : max(datum.share, datum.even) * {length} + 6)"),
            y=computed(middle), text="share_text:N",
        ),
    ]  # fmt: skip


def _ratios(theme: Theme) -> list[alt.Chart]:
    """How many times the even share: a bar from ×1, blue to the right and orange to the left."""
    tokens = table("tokens").transform_filter("datum.ratio_text !== ''")
    middle, reach = _middle("datum.place"), f"clamp(datum.log_ratio / {DOUBLINGS}, -1, 1) * bars_width / 2"
    axis = once().transform_filter("!narrow").mark_rule(stroke=theme.rule)
    bars = tokens.transform_filter("!narrow").mark_bar(
        align="left", baseline="middle", height=alt.ExprRef("row * 0.5"), cornerRadius=1
    )
    numbers = tokens.mark_text(
        align="right", baseline="middle", fontSize=alt.ExprRef("font_size - 2"), color=theme.text
    )
    return [
        axis.encode(x=computed("no_ratio"), y=alt.value(TOP), y2=computed(f"{TOP} + count * row")),
        bars.encode(
            x=computed("no_ratio"), x2=computed(f"no_ratio + {reach}"), y=computed(middle),
            fill=computed(f"datum.log_ratio < 0 ? '{theme.negative}' : '{theme.positive}'"),
        ),
        numbers.encode(x=computed("width - 4"), y=computed(middle), text="ratio_text:N"),
    ]  # fmt: skip


def _token_texts() -> alt.Chart:
    return (
        table("tokens")
        .mark_text(
            align="right",
            baseline="middle",
            fontSize=alt.ExprRef("font_size"),
            fontWeight=alt.ExprRef("datum.place === query ? 700 : 400"),
            limit=alt.ExprRef("label_width - 10"),
        )
        .encode(
            x=computed("label_width - 4"),
            y=computed(_middle("datum.place")),
            text="text:N",
            color=alt.Color("ink:N", scale=None),
        )
    )


def _pointer_areas() -> alt.Chart:
    """Invisible rows: pointing at an input follows its own ways, a click chooses the token."""
    leaving = [event_on("ground", "pointerover")]
    hover = hover_selection("hover", "row", "place", also_cleared_by=leaving)
    chosen = click_selection("pin", "row", fields=["place"], clear={"merge": leaving})
    words = "'token': datum.text, 'share': datum.share_text, 'if attention were even': datum.even_text"
    return (
        table("tokens", name="row")
        .mark_rect(opacity=0, cursor="pointer", baseline="top", height=alt.ExprRef("row"))
        .encode(
            x=alt.value(0),
            x2=computed("width"),
            y=computed(f"{TOP} + datum.place * row"),
            tooltip=computed(f"{{{words}}}"),
        )
        .add_params(hover, chosen)
    )
