"""The neuron view's marks but for the active row: buttons, strips, tokens, captions, single values."""

from __future__ import annotations

from typing import Any

from attnlit.charts.later import alt
from attnlit.charts.neuron.layout import FULL_NAMES, TOP, is_loaded, row_middle, row_top
from attnlit.charts.theme import Theme, ink_on
from attnlit.charts.vega import ON_SCREEN, computed, once, table

NEIGHBOURS = 3  # rows on either side whose q x k is kept ready, so that a sweep of the pointer shows no gap


def query_buttons(theme: Theme) -> alt.Chart:
    """One button a query: they show that they can be clicked, and which one is chosen."""
    idle = f"({ON_SCREEN} ? '{theme.panel}' : '{theme.background}')"
    frame = f"({ON_SCREEN} ? '{theme.rule}' : '{theme.background}')"
    return (
        table("queries", name="query_hit")
        .mark_rect(cornerRadius=4, cursor="pointer", strokeWidth=1)
        .encode(
            fill=computed(f"datum.query === chosen ? '{theme.accent}' : {idle}"),
            stroke=computed(frame),
            **_button_place("datum.query"),
        )
    )


def active_button(theme: Theme) -> alt.Chart:
    """Which query is looked at: a button of its own on top, as one is drawn anew faster than all of them."""
    fill = computed(f"active === chosen ? '{theme.accent}' : '{theme.pinned}'")
    mark = once().mark_rect(cornerRadius=4, strokeWidth=1, stroke=theme.accent)
    return mark.encode(fill=fill, **_button_place("active"))


def _button_place(query: str) -> dict[str, Any]:
    margin = "(row_height < 16 ? 0.5 : 1)"
    return {
        "x": alt.XValue(1),
        "x2": computed("token_width"),
        "y": computed(f"{row_top(query)} + {margin}"),
        "y2": computed(f"{row_top(f'({query} + 1)')} - {margin}"),
    }


def key_row(theme: Theme) -> list[alt.Chart]:
    """The row of the key under the pointer: framed where it has colours, on a ground where it has numbers."""
    pointed = table("keys").transform_filter("datum.key === active_key")
    place: dict[str, Any] = {
        "y": computed(row_top("datum.key")),
        "y2": computed(row_top("(datum.key + 1)")),
    }
    ground = pointed.mark_rect(cornerRadius=3, fill=theme.hover).encode(
        x=computed("score_x - 4"), x2=computed("width"), **place
    )
    frame = pointed.mark_rect(fillOpacity=0, stroke=theme.faint, strokeWidth=1, cornerRadius=2).encode(
        x=computed("keys_begin - 2"), x2=computed("product_x + strip_width + 2"), **place
    )
    return [ground, frame]


def strips() -> list[alt.Chart]:
    """q and k, one pixel a value, stretched by the browser; and q x k of the active query."""
    picture: dict[str, Any] = {
        "align": "left",
        "baseline": "top",
        "aspect": False,
        "smooth": False,
        "width": alt.ExprRef("strip_width"),
    }
    vectors = (
        table("vectors")
        .transform_filter("wide")
        .mark_image(height=alt.ExprRef("(datum.side === 'q' ? queries : keys) * row_height"), **picture)
        .encode(x=computed("datum.side === 'q' ? q_x : k_x"), y=alt.YValue(TOP), url="url:N")
    )
    products = (
        table("products")
        .transform_filter(f"abs(datum.query - active) <= {NEIGHBOURS}")
        .mark_image(height=alt.ExprRef("datum.keys * row_height"), **picture)
        .encode(
            x=computed("product_x"),
            y=alt.YValue(TOP),
            url="url:N",
            opacity=computed("datum.query === active ? 1 : 0"),
        )
    )
    return [vectors, products]


def row_gaps(theme: Theme) -> list[alt.Chart]:
    """Lines of the background's colour between the strips' rows, where the rows are high enough for them."""
    line: dict[str, Any] = {"stroke": theme.background, "strokeWidth": 2}
    of_queries = (
        table("queries")
        .transform_filter("wide && row_height >= 16")
        .mark_rule(**line)
        .encode(x=computed("q_x"), x2=computed("fan_x"), y=computed(row_top("datum.query")))
    )
    of_keys = (
        table("keys")
        .transform_filter("row_height >= 16")
        .mark_rule(**line)
        .encode(
            x=computed("keys_begin"),
            x2=computed("product_x + strip_width"),
            y=computed(row_top("datum.key")),
        )
    )
    return [of_queries, of_keys]


def token_texts(theme: Theme) -> list[alt.Chart]:
    """The tokens of both sides."""
    text: dict[str, Any] = {"baseline": "middle", "fontSize": alt.ExprRef("font_size")}
    queries = (
        table("queries")
        .mark_text(align="right", limit=alt.ExprRef("token_width - 12"), **text)
        .encode(
            x=computed("token_width - 7"),
            y=computed(row_middle("datum.query")),
            text="text:N",
            color=computed(
                f"datum.query === chosen ? '{ink_on(theme.accent)}'"
                f" : {is_loaded('datum.query')} ? '{theme.text}' : '{theme.faint}'"
            ),
        )
    )
    keys = (
        table("keys")
        .mark_text(align="left", limit=alt.ExprRef("token_width - 4"), color=theme.text, **text)
        .encode(x=computed("key_x + 2"), y=computed(row_middle("datum.key")), text="text:N")
    )
    return [queries, keys]


def active_frame(theme: Theme) -> alt.Chart:
    """Around the active query's vector."""
    return (
        once()
        .transform_filter("wide")
        .mark_rect(fillOpacity=0, stroke=theme.accent, strokeWidth=1.6, cornerRadius=2)
        .encode(
            x=computed("q_x - 1.5"),
            x2=computed("q_x + strip_width + 1.5"),
            y=computed(row_top("active")),
            y2=computed(row_top("(active + 1)")),
        )
    )


_BEGIN = (
    "{'positive': 15, 'negative': 86, 'wide': 146, 'narrow': 146, 'query': 1, 'q': q_x, 'k': k_x,"
    " 'product': product_x, 'score': score_x, 'weight': weight_x, 'key': key_x + 2}[datum.column]"
)
_END = (
    "{'positive': 80, 'negative': 145, 'wide': width, 'narrow': width, 'query': q_x, 'q': k_x,"
    " 'k': product_x, 'product': score_x, 'score': weight_x, 'weight': key_x, 'key': width}[datum.column]"
)
_FITS = (
    "indexof(wide ? ['narrow'] : ['wide', 'q', 'k'], datum.column) < 0"
    " && (wide || datum.line < 2 || datum.column === 'score')"
)


def captions(theme: Theme) -> list[alt.Chart]:
    """Above the rows: what the colours mean, the columns' titles and sub-titles."""
    fitting = table("captions").transform_filter(_FITS)
    left: dict[str, Any] = {"align": "left", "baseline": "middle"}
    lines = fitting.mark_text(  # one mark for the three lines: a browser takes long over each mark
        limit=alt.ExprRef(f"{_END} - {_BEGIN} - 2"),
        fontSize=alt.ExprRef("[12, 13, 11][datum.line]"),
        fontWeight=alt.ExprRef("[400, 600, 400][datum.line]"),
        **left,
    ).encode(
        x=computed(_BEGIN),
        y=computed("[30, 54, 70][datum.line]"),
        text=computed(f"strip_width < {FULL_NAMES} ? datum.short : datum.text"),
        color=computed(f"datum.line === 1 ? '{theme.text}' : '{theme.faint}'"),
    )

    squares = (
        fitting.transform_filter("datum.column === 'positive' || datum.column === 'negative'")
        .mark_rect(cornerRadius=2, height=10, baseline="middle")
        .encode(
            x=computed(f"{_BEGIN} - 14"),
            x2=computed(f"{_BEGIN} - 4"),
            y=alt.YValue(30),
            fill=computed(f"datum.column === 'positive' ? '{theme.positive}' : '{theme.negative}'"),
        )
    )
    return [squares, lines]


def caption(theme: Theme) -> alt.Chart:
    """Where the query under the pointer looks; until there is one, how to choose a query.

    In a saved figure, where nobody can choose, it is about the chosen query.
    """
    how = (
        "wide ? 'Click a token on the left to choose the query. Point at a value to read it.'"
        " : 'Tap a token to choose. A wider window adds q and k.'"
    )
    words = f"{ON_SCREEN} && active === chosen ? ({how}) : (data('queries')[active] || {{}}).said || ''"
    mark = once().mark_text(
        fontSize=13, color=theme.text, align="left", baseline="middle", limit=alt.ExprRef("width")
    )
    return mark.encode(x=alt.XValue(1), y=alt.YValue(9), text=computed(words))


def key_areas() -> alt.Chart:
    """Invisible rectangles that the pointer meets, one a key."""
    return (
        table("keys", name="key_hit")
        .mark_rect(fillOpacity=0)
        .encode(
            x=computed("keys_begin"),
            x2=computed("width"),
            y=computed(row_top("datum.key")),
            y2=computed(row_top("(datum.key + 1)")),
        )
    )


def single_values() -> list[alt.Chart]:
    """Invisible rectangles with a tooltip on every value of the active query and of the key pointed at."""
    number = "format(datum.{} * value_unit, '.3~g')"
    q_of_active = "split((data('queries')[active] || {'values': ''}).values, ',')"
    of_query = (
        table("queries")
        .transform_filter("wide && datum.query === active")
        .transform_calculate(q="split(datum.values, ',')", dimension="sequence(dimensions)")
        .transform_flatten(["q", "dimension"])
        .transform_calculate(q_text=number.format("q"))
    )
    of_key = (
        table("keys")
        .transform_filter("datum.key === active_key")
        .transform_calculate(k="split(datum.values, ',')", q=q_of_active, dimension="sequence(dimensions)")
        .transform_flatten(["q", "k", "dimension"])
        .transform_calculate(
            q_text=number.format("q"),
            k_text=number.format("k"),
            product_text="format(datum.q * datum.k * value_unit * value_unit, '.3~g')",
        )
    )
    read = {"dimension": "Dimension", "q_text": "q"}
    read_all = read | {"k_text": "k", "product_text": "q × k"}
    return [
        _value_areas(of_query, "datum.query", "q_x", read),
        _value_areas(of_key.transform_filter("wide"), "datum.key", "k_x", read_all),
        _value_areas(of_key, "datum.key", "product_x", read_all),
    ]


def _value_areas(base: alt.Chart, place: str, begin: str, tooltip: dict[str, str]) -> alt.Chart:
    """One rectangle a dimension. tooltip: fields and their titles."""
    left = f"{begin} + datum.dimension * dimension_width"
    return base.mark_rect(fillOpacity=0).encode(
        x=computed(left),
        x2=computed(f"{left} + dimension_width"),
        y=computed(row_top(place)),
        y2=computed(row_top(f"({place} + 1)")),
        tooltip=[alt.Tooltip(f"{field}:N", title=title) for field, title in tooltip.items()],
    )
