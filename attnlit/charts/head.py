"""The head view: tokens in two columns, a line from each token to what it attends to, one colour a head.

After Vig 2019 (arXiv 1904.02679) and BertViz. The left column attends *from*, the right one is attended *to*;
a line's opacity is the attention weight itself, however many heads are shown.

While nothing is pointed at, at most ``budget`` lines are drawn, the strongest (`line_budget` says how many if
it is left out). A token under the pointer, or pinned by a click, shows all of its lines, one small square per
head beside the other column, and as a number the mean over the heads that are switched on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from attnlit.charts.head_chart import FINE, FULL, HUNDREDTHS, HeadShape, head_chart, head_spec
from attnlit.charts.marks import rows_table, token_column_width, token_font_size, token_row_height
from attnlit.charts.picture import Picture, chart_with_data
from attnlit.charts.raster import filled
from attnlit.charts.theme import LIGHT, Theme, head_colour, ink_on
from attnlit.errors import AttnlitError
from attnlit.wording import percent

if TYPE_CHECKING:
    from attnlit.attention import Attention

LINE_BUDGET = 2000  # lines drawn while nothing is pointed at: what a browser paints in about 0.1 s ...
LONG_TEXT = 256  # ... up to so many tokens; beyond, lines get longer, and fewer take as long
DETAIL_BUDGET = 24_000  # weights that travel for pointing: the largest, and always those of 1 % and more
ALWAYS_IN_DETAIL = 0.01
LEAST_WEIGHT = 0.0005  # below this a weight is 0.0 % in print, and is left out
FAINT_LAYER = 0.02  # where no weight of a layer is larger, the largest is drawn at full opacity
HOW_TO = (
    "Point at a token to see its lines and numbers; click to keep them, click again to let go. "
    "Click a head to switch it off or on; double click to see it alone, again to see all."
)


def head_picture(
    attention: Attention,
    layer: int,
    heads: Sequence[int] | None = None,
    *,
    theme: Theme = LIGHT,
    budget: int | None = None,
    pinned: tuple[str, int] | None = None,
) -> Picture:
    """The head view of one layer, for the app: ``st.altair_chart(picture, key=..., theme=None)``.

    With ``on_select="rerun", selection_mode=["pin"]`` a click on a token comes back as
    ``event.selection["pin"]``: empty, or ``[{"side": "query", "index": 3}]``, where ``side`` is "query"
    (left) or "key" (right) and ``index`` is the token's place in ``attention.queries`` or ``attention.keys``;
    `pinned_token` reads it. Pictures of texts of the same lengths share one spec: Streamlit changes the data
    in place, and pins and head switches survive. ``pinned`` is the token pinned at the start; another value
    is another spec.

    Raises `AttnlitError` for a layer or head that the record does not have.
    """
    heads = chosen_heads(attention, layer, heads)
    shape = head_shape(attention, theme, pinned)
    tables, notes = head_tables(attention, layer, heads, shape, budget)
    return Picture(head_spec(shape), tables, notes)


def head_view(
    attention: Attention,
    layer: int = 0,
    heads: Sequence[int] | None = None,
    *,
    theme: Theme = LIGHT,
    budget: int | None = None,
    pinned: tuple[str, int] | None = None,
    width: int = 760,
) -> alt.LayerChart:
    """The head view of one layer as an Altair chart: shows itself in a notebook, saves to HTML, PNG and SVG.

    ``heads`` are head numbers (all when left out); ``budget`` is how many lines are drawn, the strongest
    (2,000 when left out, fewer beyond 256 tokens); ``pinned`` is a token to single out, such as ("query", 3);
    ``width`` is in pixels. Raises `AttnlitError` for a layer or head that the record does not have.
    """
    heads = chosen_heads(attention, layer, heads)
    shape = head_shape(attention, theme, pinned)
    tables, _ = head_tables(attention, layer, heads, shape, budget)
    return chart_with_data(head_chart(shape, width), tables)


def head_table(
    attention: Attention, layer: int, heads: Sequence[int] | None = None, at_least: float = 0.0
) -> pd.DataFrame:
    """The numbers behind the head view: one row a pair of tokens, one column of weights a head.

    Columns: ``query``, ``query position``, ``key``, ``key position``, ``head 0`` ... Pairs in which no chosen
    head reaches ``at_least`` are left out. Raises `AttnlitError` for a layer or head that the record lacks.
    """
    heads = chosen_heads(attention, layer, heads)
    weights = attention.weights[layer, heads]  # (heads, queries, keys)
    query, key = np.nonzero((weights >= at_least).any(axis=0))
    table = pd.DataFrame(
        {
            "query": [attention.queries[place].text for place in query],
            "query position": [attention.queries[place].position for place in query],
            "key": [attention.keys[place].text for place in key],
            "key position": [attention.keys[place].position for place in key],
        }
    )
    for head, matrix in zip(heads, weights, strict=True):
        table[f"head {head}"] = matrix[query, key]
    return table


def pinned_token(selection: Sequence[dict[str, Any]]) -> tuple[str, int] | None:
    """The pinned token from ``event.selection["pin"]``: ("query" or "key", its place), or None."""
    if not selection:
        return None
    return str(selection[0]["side"]), int(selection[0]["index"])


def chosen_heads(attention: Attention, layer: int, heads: Sequence[int] | None) -> list[int]:
    """The heads to show, checked, in order and without repeats."""
    attention.check(layer)
    if heads is None:
        return list(range(attention.heads))
    if len(heads) == 0:
        raise AttnlitError("No head is chosen. Choose at least one.")
    for head in heads:
        attention.check(layer, head)
    return sorted({int(head) for head in heads})


def head_shape(attention: Attention, theme: Theme, pinned: tuple[str, int] | None = None) -> HeadShape:
    """The shape of this record's head view: the same for all its layers and for every choice of heads."""
    _, heads, queries, keys = attention.weights.shape
    texts = [token.text for token in (*attention.queries, *attention.keys)]
    width = token_column_width(texts, token_font_size(token_row_height(max(queries, keys))))
    return HeadShape(queries, keys, heads, width, theme, pinned)


def head_tables(
    attention: Attention, layer: int, heads: list[int], shape: HeadShape, budget: int | None
) -> tuple[dict[str, pa.Table], tuple[str, ...]]:
    """The tables that the specification names, and the sentences for under the picture.

    A head's ``slot`` is its place among the shown ones: heads [0, 3] have the slots 0 and 1.
    """
    whole = len(heads) == attention.heads
    weights = filled(attention.weights[layer] if whole else attention.weights[layer, heads])
    full = full_opacity(attention, layer)
    flat = weights.ravel()
    present = np.compress(flat >= LEAST_WEIGHT, flat)  # a causal model's many zeros would take long to part
    detail_from = min(_from_weight(present, DETAIL_BUDGET), ALWAYS_IN_DETAIL)

    if budget is None:
        budget = line_budget(shape)
    elif budget < 0:
        raise AttnlitError(f"The budget is how many lines are drawn: 0 or more, not {budget}.")
    drawn = np.flatnonzero(flat >= _from_weight(present, budget))
    drawn = drawn[np.argsort(flat[drawn])]  # the strongest are drawn last, on top
    slot, query, key = np.unravel_index(drawn, weights.shape)
    strand = shape.first_line(len(heads)) + slot * shape.apart(len(heads))  # its y at the first token
    strength = flat[drawn]
    opacity = np.rint(np.minimum(strength / full, 1) * FINE).astype(np.int16)
    tables = {
        "tokens": _token_table(attention, shape),
        "lines": rows_table(
            slots=_one_text(slot),
            begins=_one_text(_hundredths(strand + query * shape.row)),
            ends=_one_text(_hundredths(strand + key * shape.row)),
            opacities=_one_text(opacity),
        ),
        "rows": _row_table(weights, detail_from, full),
        "switches": rows_table(
            head=np.array(heads, np.int16),
            slot=np.arange(len(heads), dtype=np.int16),
            colour=[head_colour(head, shape.theme) for head in heads],
            ink=[ink_on(head_colour(head, shape.theme)) for head in heads],
        ),
        "legend": rows_table(
            full=[full],
            none=["0"],
            most=[percent(full)],
            apart=[shape.apart(len(heads))],
            first_line=[shape.first_line(len(heads))],
        ),
    }
    return tables, _notes(weights, present.size, strength, detail_from, full)


def full_opacity(attention: Attention, layer: int) -> float:
    """The weight drawn at full opacity: 1, or in a layer of only small weights the largest of them."""
    peak = float(np.nanmax(attention.weights[layer], initial=0))  # an empty row is NaN
    return peak if 0 < peak <= FAINT_LAYER else 1.0


def scaled_note(full: float) -> str:
    """The sentence that says that opacity is scaled, or nothing."""
    if full == 1:
        return ""
    return (
        f"No weight in this layer exceeds {percent(full)}, so {percent(full)} is drawn at full opacity here."
    )


def line_budget(shape: HeadShape) -> int:
    """How many lines are drawn while nothing is pointed at."""
    return LINE_BUDGET * LONG_TEXT // max(LONG_TEXT, shape.queries, shape.keys)


def _from_weight(present: np.ndarray, budget: int) -> float:
    """The weight from which on about ``budget`` of the weights (any number,) remain."""
    if present.size <= budget:
        return LEAST_WEIGHT
    if budget == 0:
        return float("inf")
    return float(np.partition(present, present.size - budget)[present.size - budget])


def _token_table(attention: Attention, shape: HeadShape) -> pa.Table:
    """Both columns. Tokens are told apart by their place, never by their text: words repeat."""
    tokens = (*attention.queries, *attention.keys)
    return rows_table(
        side=["query"] * shape.queries + ["key"] * shape.keys,
        index=np.concatenate([np.arange(shape.queries), np.arange(shape.keys)]).astype(np.int16),
        text=[token.text for token in tokens],
        ink=[shape.theme.faint if token.special else shape.theme.text for token in tokens],
    )


def _row_table(weights: np.ndarray, least: float, full: float) -> pa.Table:
    """Every weight of (heads, queries, keys) from ``least`` up, as one text a query.

    The text ``;7:0,2:620,15;9:1:40`` says: to key 7 the head in slot 0 gives 620 thousandths of ``full`` and
    the head in slot 2 gives 15; to key 9 the head in slot 1 gives 40. The browser finds a key by its mark,
    here ``;7:``, so the same text serves a token pointed at on the left and one on the right.
    """
    heads, _, keys = weights.shape
    slot, query, key = np.unravel_index(np.flatnonzero(weights >= least), weights.shape)
    pair, slot = np.divmod(np.sort((query * keys + key) * heads + slot), heads)  # now pair by pair
    thousandths = np.rint(weights.reshape(heads, -1)[slot, pair] * (FULL / full)).astype(np.int16)
    (worth,) = np.nonzero(thousandths)
    pair, slot, thousandths = pair[worth], slot[worth], thousandths[worth]
    (pair_begins,) = np.nonzero(np.diff(pair, prepend=-1))
    query, key = np.divmod(pair[pair_begins], keys)
    heads_of_pair = np.diff(pair_begins, append=len(slot))
    slots = _joined(pa.array(slot), heads_of_pair, ",")
    values = _joined(pa.array(thousandths), heads_of_pair, ",")
    marks = pc.binary_join_element_wise(";", pa.array(key).cast(pa.string()), "")
    pairs = pc.binary_join_element_wise(marks, slots, values, ":")
    queries, pairs_of_query = np.unique(query, return_counts=True)
    return rows_table(query=queries.astype(np.int16), entries=_joined(pairs, pairs_of_query, ""))


def _hundredths(pixels: np.ndarray) -> np.ndarray:
    return np.rint(pixels * HUNDREDTHS).astype(np.int32)


def _one_text(values: np.ndarray) -> pa.Array:
    """All values as one text, "12,7,40"; no text where there are none."""
    return _joined(pa.array(values), np.array([len(values)] if len(values) else [], np.int32), ",")


def _joined(values: pa.Array, counts: np.ndarray, separator: str) -> pa.Array:
    """One text a row: the next ``counts[row]`` of the values, with the separator between them."""
    ends = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    return pc.binary_join(pa.ListArray.from_arrays(ends, values.cast(pa.string())), separator)


def _notes(
    weights: np.ndarray, present: int, drawn: np.ndarray, detail_from: float, full: float
) -> tuple[str, ...]:
    """What the picture leaves out, and what its numbers are, in sentences."""
    notes = []
    if not len(drawn) and present:
        notes.append(
            f"No lines are drawn until a token is pointed at; then its lines from {percent(detail_from)} up."
        )
    elif len(drawn) < present:
        share = float(drawn.sum()) / float(weights.sum())
        notes.append(
            f"Drawn are the {len(drawn):,} strongest of {present:,} lines, from {percent(drawn[0])} up: "
            f"{share:.0%} of the attention. "
            f"Pointing at a token shows its lines from {percent(detail_from)} up."
        )
    if len(weights) > 1:
        notes.append("The number beside a token is the mean over the heads that are switched on.")
    if full < 1:
        notes.append(scaled_note(full))
    return tuple(notes)
