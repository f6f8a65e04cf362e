"""The neuron view: how one head computes its weights, from query and key vectors to the softmax.

For the chosen query token, side by side and one row a key token: the query vector q, the key vectors k, their
element-wise product q x k, the score (what enters the softmax) and the weight (what leaves it).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import ceil, log10
from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from attnlit.charts.marks import (
    MONOSPACE_DIGITS,
    POINTER_LEFT_THE_CHART,
    click_or_tap,
    computed,
    event_on,
    framed,
    hover_selection,
    rows_table,
    signal,
    token_column_width,
    token_font_size,
    token_row_height,
)
from attnlit.charts.picture import Picture, chart_with_data
from attnlit.charts.raster import signed_roots, signed_strips
from attnlit.charts.theme import LIGHT, Theme, ink_on
from attnlit.errors import AttnlitError

if TYPE_CHECKING:
    from attnlit.attention.record import Attention, Vectors

TOP = 82  # pixels for instruction, legend and titles
VALUES_LOADED = 2**20  # numbers of q x k that travel at once: all queries of 128 tokens with 64 dimensions
FULL_COLOUR = 0.995  # of the values reach at most the full colour
SAMPLE = 100_000  # values from which the scale of q x k is taken
SCORE_UNIT = 1e-5  # scores and weights travel as whole numbers of these units, which keeps them short
WEIGHT_UNIT = 1e-6
SCORE_NUMBER = 46  # pixels for "-12.34"
WEIGHT_NUMBER = 42  # pixels for "0.123"
WIDE = 640  # pixels from which on q and k are shown too
NEIGHBOURS = 3  # rows on either side whose q x k is kept ready, so that a sweep of the pointer shows no gap


# ------------------------------------------------------------------------------------------ public functions


def neuron_picture(
    attention: Attention, layer: int, head: int, query: int | None = None, *, theme: Theme = LIGHT
) -> Picture:
    """The neuron view of one head, for the app: ``st.altair_chart(picture, key=..., theme=None)``.

    ``query`` is the chosen token's place in ``attention.queries``; left out, an early one is taken. The
    choice follows the caller: with ``on_select="rerun", selection_mode=["pin"]`` a click comes back as
    ``.selection["pin"]``, ``[{"query": 5}]``, and is to be passed on as ``query``. The selection is empty
    before the first click and again when the pointer has left the chart, so that a second click on the same
    token counts: read it in a callback and ignore it when it is empty.

    All pictures of a theme share one spec: Streamlit patches the data in place, whatever the text.
    Long texts carry only the queries around the chosen one (2**20 values of q x k at once); a click on a
    token further away brings its own.
    Raises AttnlitError for a layer, head or query that does not exist, and where only weights are recorded.
    """
    look = _look(attention, layer, head, query)
    return Picture(theme_spec(theme), _neuron_tables(look, theme), _notes(look))


def neuron_view(
    attention: Attention,
    layer: int,
    head: int,
    query: int | None = None,
    *,
    theme: Theme = LIGHT,
    width: int = 1000,
) -> alt.LayerChart:
    """The neuron view of one head as an Altair chart: shows itself in a notebook, saves to HTML, PNG and SVG.

    ``query`` is the token to begin with; a click on another chooses that one. ``width`` is in pixels.
    Raises AttnlitError as `neuron_picture` does.
    """
    look = _look(attention, layer, head, query)
    chart = _neuron_chart(theme, click_chooses=True)
    chart.width = width
    return chart_with_data(chart, _neuron_tables(look, theme))


def neuron_table(
    attention: Attention, layer: int, head: int, query: int | None = None, *, products: bool = False
) -> pd.DataFrame:
    """The numbers behind the neuron view of one query: one row a key.

    Columns: ``key``, ``position``, ``score`` (what entered the softmax; NaN where the mask forbids the key),
    ``weight`` (what left it) and, with ``products``, ``q×k 0``, ``q×k 1`` ... of every dimension.
    Raises AttnlitError as `neuron_picture` does.
    """
    look = _look(attention, layer, head, query)
    score = look.vectors.scores[look.query]
    table = pd.DataFrame(
        {
            "key": attention.key_tokens,
            "position": [token.position for token in attention.keys],
            "score": np.where(np.isfinite(score), score, np.nan),
            "weight": look.weights[look.query],
        }
    )
    if not products:
        return table
    names = [f"q×k {dimension}" for dimension in range(look.vectors.q.shape[1])]
    return table.join(pd.DataFrame(look.vectors.q[look.query] * look.vectors.k, columns=names))


@dataclass(frozen=True, eq=False)
class Look:
    """One head with a chosen query, and the values that stand for full colour."""

    attention: Attention
    vectors: Vectors
    weights: np.ndarray  # float32 (queries, keys)
    query: int
    vector_limit: float  # full colour of q and k: 99.5 % of the values are smaller
    product_limit: float  # for q x k

    @property
    def loaded(self) -> range:
        """The queries whose numbers travel: all of a short text, those near the chosen one of a long text."""
        queries, keys = self.weights.shape
        count = min(queries, max(8, VALUES_LOADED // (keys * self.vectors.q.shape[1])))
        first = min(max(0, self.query - count // 2), queries - count)
        return range(first, first + count)


def _look(attention: Attention, layer: int, head: int, query: int | None) -> Look:
    """What there is to see, or an AttnlitError that says what does not exist."""
    vectors = attention.vectors(layer, head)
    count = len(attention.queries)
    if query is None:
        query = _first_query(attention)
    if not 0 <= query < count:
        raise AttnlitError(
            f"This text has {count} tokens, numbered 0 to {count - 1}: there is no token {query}."
        )
    both = np.abs(np.concatenate([vectors.q.ravel(), vectors.k.ravel()]))
    queries, keys = np.nonzero(np.isfinite(vectors.scores))
    step = max(1, len(queries) * vectors.q.shape[1] // SAMPLE)
    products = np.abs(vectors.q[queries[::step]] * vectors.k[keys[::step]])
    return Look(
        attention, vectors, attention.weights[layer, head], query, _quantile(both), _quantile(products)
    )


def _quantile(values: np.ndarray) -> float:
    """The value that 99.5 % do not exceed; 1 where all are zero."""
    if not values.size:
        return 1.0
    rank = int(FULL_COLOUR * (values.size - 1))
    return float(np.partition(values, rank, axis=None)[rank]) or 1.0


def _first_query(attention: Attention) -> int:
    """A token worth looking at first: ordinary, with keys before it, and near the top of the picture."""
    ordinary = [place for place, token in enumerate(attention.queries[:10]) if not token.special]
    return ordinary[-1] if ordinary else 0


# ------------------------------------------------------------------------------------------------ the tables


def _neuron_tables(look: Look, theme: Theme) -> dict[str, pa.Table]:
    attention, vectors = look.attention, look.vectors
    queries, keys = look.weights.shape
    loaded = look.loaded
    places = np.arange(loaded.start, loaded.stop)
    scores = vectors.scores[loaded.start : loaded.stop]  # (loaded, keys)
    weights = look.weights[loaded.start : loaded.stop]
    available = np.isfinite(scores)
    # How many keys each query's picture shows: none after the last that its mask leaves. (loaded,)
    shown = keys - np.argmax(available[:, ::-1], axis=1)
    # The root of a product is the product of the roots, taken once a token and not once a pair of tokens.
    q_roots, k_roots = signed_roots(vectors.q, look.product_limit), signed_roots(vectors.k, 1)
    # Each (shown, d); one at a time, as all of them together would not fit the processor's cache.
    products = (
        _seen(q_roots[place] * k_roots[:count], available[row, :count])
        for row, (place, count) in enumerate(zip(loaded, shown, strict=True))
    )
    colours = {"positive": theme.positive, "negative": theme.negative}
    vector_roots = (signed_roots(each, look.vector_limit) for each in (vectors.q, vectors.k))
    strips = signed_strips(vector_roots, **colours)
    value_unit = 10.0 ** (ceil(log10(look.vector_limit)) - 4)
    row_height = token_row_height(max(queries, keys))
    font_size = token_font_size(row_height)
    return {
        "setup": rows_table(
            query=[look.query],
            first=[loaded.start],
            last=[loaded.stop - 1],
            queries=[queries],
            keys=[keys],
            dimensions=[vectors.q.shape[1]],
            row_height=[row_height],
            font_size=[font_size],
            token_width=[token_column_width([*attention.query_tokens, *attention.key_tokens], font_size)],
            score_limit=[float(np.abs(vectors.scores[np.isfinite(vectors.scores)]).max(initial=0)) or 1.0],
            value_unit=[value_unit],
        ),
        "queries": rows_table(
            query=np.arange(queries, dtype=np.int16),
            text=attention.query_tokens,
            values=_comma_separated(vectors.q, value_unit),
        ),
        "keys": rows_table(
            key=np.arange(keys, dtype=np.int16),
            text=attention.key_tokens,
            values=_comma_separated(vectors.k, value_unit),
        ),
        "vectors": rows_table(side=["q", "k"], url=strips),
        "products": rows_table(
            query=places.astype(np.int16),
            keys=shown.astype(np.int16),
            url=signed_strips(products, **colours),
        ),
        "rows": rows_table(
            query=places.astype(np.int16),
            scores=_comma_separated(scores, SCORE_UNIT),
            weights=_comma_separated(np.where(available, weights, np.nan), WEIGHT_UNIT),
        ),
        "captions": _captions(look),
    }


def _seen(rows: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """The rows (keys, d) with zeros for the keys that are not seen; it writes to them."""
    if not seen.all():
        rows[~seen] = 0
    return rows


def _comma_separated(values: np.ndarray, unit: float) -> pa.Array:
    """Each row of numbers as whole numbers of ``unit``, "12,-7,,3"; nothing stands for what is not finite."""
    finite = np.isfinite(values)
    whole = np.rint(np.where(finite, values, 0) / unit).astype(np.int32)
    texts = pc.if_else(pa.array(finite.ravel()), pa.array(whole.ravel()).cast(pa.string()), "")
    ends = np.arange(len(values) + 1, dtype=np.int32) * values.shape[1]
    return pc.binary_join(pa.ListArray.from_arrays(ends, texts), ",")


def _captions(look: Look) -> pa.Table:
    """Titles (line 1) and sub-titles (line 2) of the columns, and the legend (line 0)."""
    vectors = look.vectors
    dimensions = f"{vectors.q.shape[1]} dimensions"
    seen_adds = [part for part in vectors.adds if "mask" not in part] or list(
        vectors.adds
    )  # dashes show a mask
    captions = [
        ("positive", 0, "positive"),
        ("negative", 0, "negative"),
        (
            "wide",
            0,
            f"full colour from ±{look.vector_limit:.2g} in q and k, ±{look.product_limit:.2g} in q × k",
        ),
        ("narrow", 0, f"full from ±{look.product_limit:.2g} in q × k"),
        ("query", 1, "Query"),
        ("q", 1, "Query vector q"),
        ("q", 2, dimensions),
        ("k", 1, "Key vector k"),
        ("k", 2, _sharing(vectors) if vectors.shared_with else dimensions),
        ("product", 1, "q × k"),
        ("product", 2, "adds up to q·k"),
        ("score", 1, _score_name(vectors)),
        ("score", 2, f"+ {', '.join(seen_adds)}" if seen_adds else "score"),
        ("weight", 1, "Softmax"),
        ("weight", 2, "weight"),
        ("key", 1, "Key"),
    ]
    columns, lines, texts = zip(*captions, strict=True)
    return rows_table(column=list(columns), line=np.array(lines, np.int8), text=list(texts))


def _score_name(vectors: Vectors) -> str:
    """The dot product as this model scales it."""
    if np.isclose(vectors.scaling, vectors.q.shape[1] ** -0.5, rtol=1e-3):
        return "q·k / √d"
    return "q·k" if np.isclose(vectors.scaling, 1) else f"q·k × {vectors.scaling:.3g}"


def _sharing(vectors: Vectors) -> str:
    """ "key head 0, with heads 1, 2, 3"."""
    others = vectors.shared_with
    heads = f"head{'s' if len(others) > 1 else ''} {', '.join(map(str, others))}"
    return f"key head {vectors.key_head}, with {heads}"


def _notes(look: Look) -> tuple[str, ...]:
    vectors = look.vectors
    notes = [
        f"Blue is positive, orange negative. The full colour stands for ±{look.vector_limit:.2g} and beyond "
        f"in q and k, ±{look.product_limit:.2g} in q × k: 99.5 % of the values lie within."
    ]
    if not np.isfinite(vectors.scores).all():
        notes.append("A dash marks a key that the model does not let this query see.")
    if vectors.adds:
        notes.append(
            f"The score is {_score_name(vectors)} and what this model adds to it: {', '.join(vectors.adds)}."
        )
    if vectors.shared_with:
        notes.append(
            f"This head shares its keys ({_sharing(vectors)}): these heads have one k and differ in q."
        )
    if vectors.sink is not None:
        notes.append(
            "The model lets a part of the weight go nowhere: "
            f"its softmax counts one more score, {vectors.sink:.2f}."
        )
    elif look.weights.sum(axis=-1).min() < 0.999:
        notes.append("Some keys are hidden, so the weights shown do not add up to 1.")
    if len(look.loaded) < len(look.weights):
        notes.append(
            "In a text this long only tokens near the chosen one answer the pointer; click any other."
        )
    return tuple(notes)


# ----------------------------------------------------------------------------------------- the specification


@lru_cache(maxsize=8)
def theme_spec(theme: Theme) -> dict[str, Any]:
    """The frozen specification: shared, never written to."""
    return _neuron_chart(theme, click_chooses=False).to_dict(validate=False)  # tests do


def _neuron_chart(theme: Theme, *, click_chooses: bool) -> alt.LayerChart:
    """The chart without its data. ``click_chooses``: the click itself does, as no server answers it.

    How many tokens and dimensions there are travels as data too, so one chart serves every text. Later layers
    lie on top of earlier ones.
    """
    on_query: Any = event_on("query_hit", "pointerover")
    on_key: Any = event_on("key_hit", "pointerover")
    cleared: Any = False if click_chooses else POINTER_LEFT_THE_CHART
    hover = hover_selection("hover", "query_hit", "query", also_cleared_by=[on_key])
    key_hover = hover_selection("key_hover", "key_hit", "key", also_cleared_by=[on_query])
    pin = alt.selection_point(
        "pin", fields=["query"], on=click_or_tap("query_hit"), toggle=False, empty=False, clear=cleared
    )
    key_ground, key_frame = _key_row(theme)
    chart: Any = alt.layer(
        _query_buttons(theme).add_params(hover, pin),
        key_ground,
        *_strips(),
        *_row_gaps(theme),
        *_token_texts(theme),
        _zero_lines(theme),
        _active_frame(theme),
        key_frame,
        _active_row(theme),
        *_head_lines(theme),
        _key_areas().add_params(key_hover),
        *_single_values(),
    ).add_params(*_signals(click_chooses))
    chart = framed(chart, 1000, 600, theme)
    chart.autosize = "none"
    chart.padding = {"left": 0, "right": 0, "top": 0, "bottom": 0}
    return chart


def _signals(click_chooses: bool) -> list[alt.Parameter]:
    """The expressions that the marks share: which query is shown, and where the columns stand."""
    from_setup = ("queries", "keys", "dimensions", "row_height", "font_size")
    before_data = (
        "{query: 0, first: 0, last: 0, queries: 1, keys: 1, dimensions: 1, row_height: 1, token_width: 1}"
    )
    return [
        signal("setup_row", f"data('setup')[0] || {before_data}"),
        *(signal(name, f"setup_row.{name}") for name in from_setup),
        signal("height", f"{TOP} + max(queries, keys) * row_height + 4"),
        # The query under the pointer, if its numbers are loaded, else the chosen one.
        signal("clicked", "pin.query ? pin.query[0] : -1" if click_chooses else "-1"),
        signal("chosen", f"{_is_loaded('clicked')} ? clicked : setup_row.query"),
        signal("pointed", "hover.query ? hover.query[0] : -1"),
        signal("active", f"{_is_loaded('pointed')} ? pointed : chosen"),
        signal("active_key", "key_hover.key ? key_hover.key[0] : -1"),
        # Columns share what the tokens and the numbers leave; in a narrow window q and k give way.
        signal("wide", f"width >= {WIDE}"),
        signal("token_width", "min(setup_row.token_width, max(52, round(width * 0.17)))"),
        signal("gap", "wide ? 14 : 8"),
        signal("spare", f"width - 2 * token_width - {SCORE_NUMBER + WEIGHT_NUMBER} - gap * (wide ? 5 : 4)"),
        signal("part", "spare / (wide ? 12 : 5.5)"),
        signal("strip_width", "part * (wide ? 2.7 : 2.6)"),
        signal("dimension_width", "strip_width / dimensions"),
        signal("score_width", "part * 1.3"),
        signal("weight_width", "part * 1.6"),
        signal("q_x", "token_width + gap"),
        signal("fan_x", "q_x + strip_width + 4"),
        signal("k_x", "fan_x + part"),
        signal("product_x", "wide ? k_x + strip_width + gap : token_width + gap"),
        signal("score_x", "product_x + strip_width + gap"),
        signal("zero_x", "score_x + score_width / 2"),
        signal("score_end", f"score_x + score_width + {SCORE_NUMBER}"),
        signal("weight_x", "score_end + gap"),
        signal("weight_end", f"weight_x + weight_width + {WEIGHT_NUMBER}"),
        signal("key_x", "width - token_width"),
        signal("keys_begin", "wide ? k_x : product_x"),
    ]


def _is_loaded(place: str) -> str:
    return f"({place} >= setup_row.first && {place} <= setup_row.last)"


def _row_top(place: str) -> str:
    """Where a token's row begins, in Vega's language."""
    return f"{TOP} + {place} * row_height"


def _row_middle(place: str) -> str:
    return f"{TOP} + ({place} + 0.5) * row_height"


def _table(table: str, **options: Any) -> alt.Chart:
    return alt.Chart(alt.NamedData(table), **options)


def _query_buttons(theme: Theme) -> alt.Chart:
    """One button a query: they show that they can be clicked, which one is chosen, and which is looked at."""
    margin = "(row_height < 16 ? 0.5 : 1)"
    return (
        _table("queries", name="query_hit")
        .mark_rect(cornerRadius=4, cursor="pointer", strokeWidth=1)
        .encode(
            x=alt.XValue(1),
            x2=computed("token_width"),
            y=computed(f"{_row_top('datum.query')} + {margin}"),
            y2=computed(f"{_row_top('(datum.query + 1)')} - {margin}"),
            fill=computed(
                f"datum.query === chosen ? '{theme.accent}'"
                f" : datum.query === active ? '{theme.pinned}' : '{theme.panel}'"
            ),
            stroke=computed(f"datum.query === active ? '{theme.accent}' : '{theme.rule}'"),
        )
    )


def _key_row(theme: Theme) -> list[alt.Chart]:
    """The row of the key under the pointer: framed where it has colours, on a ground where it has numbers."""
    pointed = _table("keys").transform_filter("datum.key === active_key")
    place: dict[str, Any] = {
        "y": computed(_row_top("datum.key")),
        "y2": computed(_row_top("(datum.key + 1)")),
    }
    ground = pointed.mark_rect(cornerRadius=3, fill=theme.hover).encode(
        x=computed("score_x - 4"), x2=computed("width"), **place
    )
    frame = pointed.mark_rect(fillOpacity=0, stroke=theme.faint, strokeWidth=1, cornerRadius=2).encode(
        x=computed("keys_begin - 2"), x2=computed("product_x + strip_width + 2"), **place
    )
    return [ground, frame]


def _strips() -> list[alt.Chart]:
    """q and k, one pixel a value, stretched by the browser; and q x k of the active query."""
    picture: dict[str, Any] = {
        "align": "left",
        "baseline": "top",
        "aspect": False,
        "smooth": False,
        "width": alt.ExprRef("strip_width"),
    }
    vectors = (
        _table("vectors")
        .transform_filter("wide")
        .mark_image(height=alt.ExprRef("(datum.side === 'q' ? queries : keys) * row_height"), **picture)
        .encode(x=computed("datum.side === 'q' ? q_x : k_x"), y=alt.YValue(TOP), url="url:N")
    )
    products = (
        _table("products")
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


def _row_gaps(theme: Theme) -> list[alt.Chart]:
    """Lines of the background's colour between the strips' rows, where the rows are high enough for them."""
    line: dict[str, Any] = {"stroke": theme.background, "strokeWidth": 2}
    of_queries = (
        _table("queries")
        .transform_filter("wide && row_height >= 16")
        .mark_rule(**line)
        .encode(x=computed("q_x"), x2=computed("fan_x"), y=computed(_row_top("datum.query")))
    )
    of_keys = (
        _table("keys")
        .transform_filter("row_height >= 16")
        .mark_rule(**line)
        .encode(
            x=computed("keys_begin"),
            x2=computed("product_x + strip_width"),
            y=computed(_row_top("datum.key")),
        )
    )
    return [of_queries, of_keys]


def _token_texts(theme: Theme) -> list[alt.Chart]:
    text: dict[str, Any] = {"baseline": "middle", "fontSize": alt.ExprRef("font_size")}
    queries = (
        _table("queries")
        .mark_text(align="right", limit=alt.ExprRef("token_width - 12"), **text)
        .encode(
            x=computed("token_width - 7"),
            y=computed(_row_middle("datum.query")),
            text="text:N",
            color=computed(
                f"datum.query === chosen ? '{ink_on(theme.accent)}'"
                f" : {_is_loaded('datum.query')} ? '{theme.text}' : '{theme.faint}'"
            ),
        )
    )
    keys = (
        _table("keys")
        .mark_text(align="left", limit=alt.ExprRef("token_width - 4"), color=theme.text, **text)
        .encode(x=computed("key_x + 2"), y=computed(_row_middle("datum.key")), text="text:N")
    )
    return [queries, keys]


def _zero_lines(theme: Theme) -> alt.Chart:
    """Where the bars of the scores and of the weights begin."""
    return (
        _table("captions")
        .transform_filter("datum.line === 1 && (datum.column === 'score' || datum.column === 'weight')")
        .mark_rule(stroke=theme.rule, strokeWidth=1)
        .encode(
            x=computed("datum.column === 'score' ? zero_x : weight_x"),
            y=alt.YValue(TOP),
            y2=computed(_row_top("keys")),
        )
    )


def _active_frame(theme: Theme) -> alt.Chart:
    return (
        _table("queries")
        .transform_filter("wide && datum.query === active")
        .mark_rect(fillOpacity=0, stroke=theme.accent, strokeWidth=1.6, cornerRadius=2)
        .encode(
            x=computed("q_x - 1.5"),
            x2=computed("q_x + strip_width + 1.5"),
            y=computed(_row_top("datum.query")),
            y2=computed(_row_top("(datum.query + 1)")),
        )
    )


def _active_row(theme: Theme) -> alt.LayerChart:
    """The active query's numbers: fan of weights, scores and softmax, made anew when the pointer moves."""
    decoded = (
        _table("rows")
        .transform_filter("datum.query === active")
        .transform_calculate(
            score="split(datum.scores, ',')", weight="split(datum.weights, ',')", key="sequence(keys)"
        )
        .transform_flatten(["score", "weight", "key"])
        .transform_calculate(
            hidden="datum.score === ''",
            score=f"datum.score * {SCORE_UNIT}",
            weight=f"datum.weight * {WEIGHT_UNIT}",
            middle=_row_middle("datum.key"),
        )
    )
    middle = alt.Y("middle:Q", scale=None, axis=None)
    # A key that the mask forbids is covered and says "–": a zero would look like a number.
    cover = (
        alt.Chart()
        .transform_filter("datum.hidden")
        .mark_rect(
            fill=theme.background, fillOpacity=0.72, height=alt.ExprRef("row_height"), baseline="middle"
        )
        .encode(x=computed("keys_begin"), x2=computed("width"), y=middle)
    )
    available = alt.Chart().transform_filter("!datum.hidden")
    fan = (
        available.transform_filter("wide")
        .mark_rule(strokeWidth=1.5, stroke=theme.accent)
        .encode(
            x=computed("k_x - 4"),
            x2=computed("fan_x"),
            y=middle,
            y2=computed(_row_middle("active")),
            strokeOpacity=alt.StrokeOpacity("weight:Q", scale=None),
        )
    )
    bar: dict[str, Any] = {
        "baseline": "middle",
        "height": alt.ExprRef("max(5, row_height - 10)"),
        "cornerRadius": 1,
    }
    scores = available.mark_rect(**bar).encode(
        x=computed("zero_x"),
        x2=computed("zero_x + datum.score / setup_row.score_limit * score_width / 2"),
        y=middle,
        fill=computed(f"datum.score < 0 ? '{theme.negative}' : '{theme.positive}'"),
    )
    weights = available.mark_rect(fill=theme.accent, **bar).encode(
        x=computed("weight_x"), x2=computed("weight_x + datum.weight * weight_width"), y=middle
    )
    number: dict[str, Any] = {
        "align": "right",
        "baseline": "middle",
        "font": MONOSPACE_DIGITS,
        "fontSize": alt.ExprRef("max(9, font_size - 2)"),
    }
    ink = computed(f"datum.hidden ? '{theme.faint}' : '{theme.text}'")
    numbers = [
        alt.Chart()
        .mark_text(**number)
        .encode(x=computed(end), y=middle, color=ink, text=computed(f"datum.hidden ? '–' : {text}"))
        for end, text in (
            ("score_end", "format(datum.score, '.2f')"),
            ("weight_end", "format(datum.weight, '.3f')"),
        )
    ]
    together: Any = alt.layer(cover, fan, scores, weights, *numbers, data=decoded.data)
    together.transform = decoded.transform
    return together


def _head_lines(theme: Theme) -> list[alt.Chart]:
    """Above the rows: how to choose a query, what the colours mean, the columns' titles and sub-titles."""
    left: dict[str, Any] = {"align": "left", "baseline": "middle"}
    begin = (
        "{positive: 15, negative: 86, wide: 146, narrow: 146, query: 1, q: q_x, k: k_x, product: product_x,"
        " score: score_x, weight: weight_x, key: key_x + 2}[datum.column]"
    )
    end = (
        "{positive: 80, negative: 145, wide: width, narrow: width, query: q_x, q: k_x, k: product_x,"
        " product: score_x, score: weight_x, weight: key_x, key: width}[datum.column]"
    )
    fits = (
        "indexof(wide ? ['narrow'] : ['wide', 'q', 'k'], datum.column) < 0"
        " && (wide || datum.line < 2 || datum.column === 'score')"
    )
    captions = _table("captions").transform_filter(fits)

    def line(number: int, y: float, size: int, colour: str, weight: int = 400) -> alt.Chart:
        room = alt.ExprRef(f"{end} - {begin} - 2")
        return (
            captions.transform_filter(f"datum.line === {number}")
            .mark_text(limit=room, fontSize=size, color=colour, fontWeight=weight, **left)
            .encode(x=computed(begin), y=alt.YValue(y), text="text:N")
        )

    squares = (
        captions.transform_filter("datum.column === 'positive' || datum.column === 'negative'")
        .mark_rect(cornerRadius=2, height=10, baseline="middle")
        .encode(
            x=computed(f"{begin} - 14"),
            x2=computed(f"{begin} - 4"),
            y=alt.YValue(30),
            fill=computed(f"datum.column === 'positive' ? '{theme.positive}' : '{theme.negative}'"),
        )
    )
    instruction = (
        _table("setup")
        .mark_text(fontSize=13, color=theme.text, **left)
        .encode(
            x=alt.XValue(1),
            y=alt.YValue(9),
            text=computed(
                "wide ? 'Click a token on the left to choose the query. Point at a value to read it.'"
                " : 'Tap a token to choose. A wider window adds q and k.'"
            ),
        )
    )
    return [
        instruction,
        squares,
        line(0, 30, 12, theme.faint),
        line(1, 54, 13, theme.text, weight=600),
        line(2, 70, 11, theme.faint),
    ]


def _key_areas() -> alt.Chart:
    """Invisible rectangles that the pointer meets, one a key."""
    return (
        _table("keys", name="key_hit")
        .mark_rect(fillOpacity=0)
        .encode(
            x=computed("keys_begin"),
            x2=computed("width"),
            y=computed(_row_top("datum.key")),
            y2=computed(_row_top("(datum.key + 1)")),
        )
    )


def _single_values() -> list[alt.Chart]:
    """Invisible rectangles with a tooltip on every value of the active query and of the key pointed at."""

    def values(base: alt.Chart, place: str, begin: str, **tooltip: str) -> alt.Chart:
        left = f"{begin} + datum.dimension * dimension_width"
        return base.mark_rect(fillOpacity=0).encode(
            x=computed(left),
            x2=computed(f"{left} + dimension_width"),
            y=computed(_row_top(place)),
            y2=computed(_row_top(f"({place} + 1)")),
            tooltip=[alt.Tooltip(f"{field}:N", title=title) for field, title in tooltip.items()],
        )

    number = "format(datum.{} * setup_row.value_unit, '.3~g')"
    q_of_active = "split((data('queries')[active] || {values: ''}).values, ',')"
    of_query = (
        _table("queries")
        .transform_filter("wide && datum.query === active")
        .transform_calculate(q="split(datum.values, ',')", dimension="sequence(dimensions)")
        .transform_flatten(["q", "dimension"])
        .transform_calculate(q_text=number.format("q"))
    )
    of_key = (
        _table("keys")
        .transform_filter("datum.key === active_key")
        .transform_calculate(k="split(datum.values, ',')", q=q_of_active, dimension="sequence(dimensions)")
        .transform_flatten(["q", "k", "dimension"])
        .transform_calculate(
            q_text=number.format("q"),
            k_text=number.format("k"),
            product_text="format(datum.q * datum.k * setup_row.value_unit * setup_row.value_unit, '.3~g')",
        )
    )
    read = {"dimension": "Dimension", "q_text": "q"}
    read_all = read | {"k_text": "k", "product_text": "q × k"}
    return [
        values(of_query, "datum.query", "q_x", **read),
        values(of_key.transform_filter("wide"), "datum.key", "k_x", **read_all),
        values(of_key, "datum.key", "product_x", **read_all),
    ]
