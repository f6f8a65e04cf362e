"""The head view's tables, from a record of attention.

- `setup`: one row of sizes and limits, the heads' colours and the pinned token
- `tokens`: both columns, `side` "query" or "key", and what is `said` of each
- `lines`: the strongest lines, for while nothing is pointed at, as compact text
- `rows`: every weight worth seeing as compact text, taken apart only for the token pointed at
- `switches`: the heads that can be switched on and off

A head's `slot` is its place among the switches. Lines and rows are of every head with a switch, so that one
which is switched on in the browser is drawn before the server answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from attnlit.attention.given import checked_number
from attnlit.attention.record import ATTENTION
from attnlit.attention.rows import chosen_heads, mean_of_heads
from attnlit.charts.head.layout import NOBODY, HeadShape
from attnlit.charts.head.notes import notes
from attnlit.charts.labels import column_width, font_size, labels
from attnlit.charts.opacity import FULL, filled, full_opacity, mask_notes, one, scale_notes
from attnlit.charts.packed_text import joined, one_text, rows_table, texts
from attnlit.charts.pinned import PinnedToken
from attnlit.charts.said import said_of_keys, said_of_queries
from attnlit.charts.theme import Theme, head_colour, head_dash, ink_on
from attnlit.wording import percent

if TYPE_CHECKING:
    import pandas as pd

    from attnlit.attention import Attention

LINE_BUDGET = 2000  # lines drawn while nothing is pointed at: as many as a browser paints without a wait ...
LONG_TEXT = 256  # ... up to so many tokens; beyond, lines get longer, and fewer take as long
DETAIL_BUDGET = 24_000  # weights that travel for pointing: the largest, and always those of 1 % and more
ALWAYS_IN_DETAIL = 0.01
LEAST_WEIGHT = 0.0005  # below this a weight is 0.0 % in print, and is left out
FINE = 10_000  # in `lines` opacities are whole numbers of this share
NO_TOKEN = -1  # its place


def head_shape(attention: Attention, switches: int) -> HeadShape:
    """The sizes of this record's head view with this many switches."""
    return HeadShape(len(attention.queries), len(attention.keys), switches)


def head_tables(
    attention: Attention,
    layer: int,
    heads: list[int],
    *,
    theme: Theme,
    budget: int | None = None,
    pinned: PinnedToken | None = None,
    switches: Sequence[int],
    answered: str | None = None,
) -> tuple[dict[str, pa.Table], tuple[str, ...]]:
    """The tables that the specification names, and the sentences for under the picture."""
    shape = head_shape(attention, len(switches))
    budget = line_budget(shape) if budget is None else checked_number(budget, "budget", 0)
    whole = len(switches) == attention.heads
    row = attention.row(layer)
    looks = attention.weights[row] if whole else attention.weights[row, switches]
    weights = filled(looks)
    if attention.weighs != ATTENTION:
        weights = weights / np.float32(one(attention, layer))
    full = full_opacity(attention, layer)
    on = np.isin(switches, heads)
    worth, lines_from, rows_from = _limits(weights, on, budget)
    drawn = np.flatnonzero(weights >= lines_from[:, None, None])
    drawn = drawn[np.argsort(weights.ravel()[drawn])]  # the strongest are drawn last, on top
    shown, shown_from = (weights, lines_from) if on.all() else (weights[on], lines_from[on])
    tables = {
        "setup": _setup_table(attention, on, switches, shape, theme, pinned, full, answered),
        "tokens": _token_table(attention, theme, pinned, looks if on.all() else looks[on]),
        "lines": _line_table(weights, drawn, full),
        "rows": _row_table(weights, rows_from, full),
        "switches": _switch_table(attention, switches, theme),
    }
    scale = (*scale_notes(attention, full), *mask_notes(attention, layer))
    lines = np.sort(shown[shown >= shown_from[:, None, None]])
    return tables, notes(shown, worth, lines, float(rows_from[on][0]), scale)


def _limits(weights: np.ndarray, on: np.ndarray, budget: int) -> tuple[int, np.ndarray, np.ndarray]:
    """How many weights of the heads that are on are worth a line, and from which weight on `lines` and `rows`
    hold those of (heads, queries, keys), per head.

    Heads that are off take no more room than those that are on have left, or have themselves.
    """
    worth = _worth_a_line(weights if on.all() else weights[on])
    detail_from = min(_from_weight(worth, DETAIL_BUDGET), ALWAYS_IN_DETAIL)
    lines_from = np.full(len(on), _from_weight(worth, budget))
    rows_from = np.full(len(on), detail_from)
    if not on.all():
        off = _worth_a_line(weights[~on])
        room = max(DETAIL_BUDGET - int(np.count_nonzero(worth >= detail_from)), 0)
        lines_from[~on], rows_from[~on] = _from_weight(off, budget), _from_weight(off, room)
    return worth.size, lines_from, rows_from


def _worth_a_line(weights: np.ndarray) -> np.ndarray:
    """The weights of any shape that are not 0 in print: a causal model's many zeros take long to part."""
    flat = weights.ravel()
    return np.compress(flat >= LEAST_WEIGHT, flat)


def line_budget(shape: HeadShape) -> int:
    """How many lines are drawn while nothing is pointed at."""
    return LINE_BUDGET * LONG_TEXT // max(LONG_TEXT, shape.queries, shape.keys)


def head_table(
    attention: Attention, layer: int = 0, heads: Sequence[int] | None = None, at_least: float = 0.0
) -> pd.DataFrame:
    """The numbers behind the head view: one row a head and pair of tokens.

    Columns: `model`, `layer`, `head`, `query`, `query position`, `key`, `key position`, `weight`; `norm`
    instead where the record is of what is passed on. The weight is NaN, and empty in a file, where the model
    hides the key from the query: it is not a weight of 0. Pairs below `at_least` are left out, hidden ones
    too if it is more than 0. Raises `AttnlitError` for a layer or head that the record lacks.
    """
    import pandas as pd  # a first picture does not wait for it

    heads = chosen_heads(attention, layer, heads)
    weights = np.where(
        ~attention.visible(layer), np.nan, attention.weights[attention.row(layer), heads]
    )  # (heads, queries, keys)
    kept = weights >= at_least if at_least > 0 else np.ones(weights.shape, bool)
    head, query, key = np.nonzero(kept)
    queries, keys = attention.queries, attention.keys
    return pd.DataFrame(
        {
            "model": attention.model,
            "layer": layer,
            "head": np.array(attention.head_names if attention.together else heads)[head],
            "query": [queries[place].text for place in query],
            "query position": [queries[place].position for place in query],
            "key": [keys[place].text for place in key],
            "key position": [keys[place].position for place in key],
            "weight" if attention.weighs == ATTENTION else "norm": weights[kept],
        }
    )


def _from_weight(present: np.ndarray, budget: int) -> float:
    """The weight from which on about `budget` of the weights (any number,) remain."""
    if present.size <= budget:
        return LEAST_WEIGHT
    if budget == 0:
        return float("inf")
    return float(np.partition(present, present.size - budget)[present.size - budget])


def _setup_table(
    attention: Attention,
    on: np.ndarray,
    switches: Sequence[int],
    shape: HeadShape,
    theme: Theme,
    pinned: PinnedToken | None,
    full: float,
    answered: str | None,
) -> pa.Table:
    size = font_size(shape.row)
    words = [*labels(attention.queries), *labels(attention.keys)]
    place = NO_TOKEN
    if pinned is not None:
        place = pinned.index + (shape.queries if pinned.side == "key" else 0)
    row: dict[str, Any] = {
        "queries": shape.queries,
        "row": shape.row,
        "said_line": shape.said,
        "titles": shape.titles,
        "top": shape.top,
        "wide_height": shape.height,
        "token_room": column_width(words, size),
        "font_size": size,
        "number_size": max(9, size - 2),
        "switches": shape.switches,
        "switch_rows": shape.switch_rows,
        "answered": NOBODY if answered is None else answered,
        "on_before": "".join("1" if each else "0" for each in on),
        "colours": ",".join(head_colour(head, theme) for head in switches),
        "dashes": ",".join(str(head_dash(head)) for head in switches),
        "pinned_place": place,
        "full": full,
        "measure": "weight" if attention.weighs == ATTENTION else "share",
        "none": "0",
        "most": percent(full),
    }
    return rows_table(**{name: [value] for name, value in row.items()})


def _token_table(
    attention: Attention, theme: Theme, pinned: PinnedToken | None, shown: np.ndarray
) -> pa.Table:
    """Both columns. Tokens are told apart by their place, never by their text: words repeat.

    shown: weights (heads, queries, keys) of the heads that are on, of whose mean each token's sentence is; an
    empty row is NaN.
    """
    mean = mean_of_heads(shown)
    sides = {"query": attention.queries, "key": attention.keys}
    places = [(side, index) for side, tokens in sides.items() for index in range(len(tokens))]
    held = (pinned.side, pinned.index) if pinned else None
    return rows_table(
        side=[side for side, _ in places],
        index=np.array([index for _, index in places], np.int16),
        text=[text for tokens in sides.values() for text in labels(tokens)],
        ink=[theme.faint if token.special else theme.text for tokens in sides.values() for token in tokens],
        held=[place == held for place in places],
        said=[
            *said_of_queries(attention, mean, len(shown)),
            *said_of_keys(attention, mean, len(shown)),
        ],
    )


def _line_table(weights: np.ndarray, drawn: np.ndarray, full: float) -> pa.Table:
    slot, query, key = np.unravel_index(drawn, weights.shape)
    opacity = np.minimum(weights.ravel()[drawn] / full, 1) * FINE
    return rows_table(
        slots=one_text(slot),
        queries=one_text(query),
        keys=one_text(key),
        opacities=one_text(np.rint(opacity).astype(np.int16)),
    )


def _row_table(weights: np.ndarray, least: np.ndarray, full: float) -> pa.Table:
    """Every weight of (heads, queries, keys) from its head's `least` (heads,) up, as one text a query.

    The text `;7:0,2:620,15;9:1:40` says: to key 7 the head in slot 0 gives 620 thousandths of `full` and the
    head in slot 2 gives 15; to key 9 the head in slot 1 gives 40. The browser finds a key by its mark, here
    `;7:`, so the same text serves a token pointed at on the left and one on the right.
    """
    heads, _, keys = weights.shape
    by_pair = np.ascontiguousarray(weights.transpose(1, 2, 0))  # (queries, keys, heads)
    places = np.flatnonzero(by_pair >= least)
    pair, slot = np.divmod(places, heads)
    thousandths = _thousandths(by_pair.ravel()[places] * (FULL / full))
    (worth,) = np.nonzero(thousandths)
    pair, slot, thousandths = pair[worth], slot[worth], thousandths[worth]
    (pair_begins,) = np.nonzero(np.diff(pair, prepend=-1))
    query, key = np.divmod(pair[pair_begins], keys)
    heads_of_pair = np.diff(pair_begins, append=len(slot))
    slots = joined(pa.array(slot), heads_of_pair, ",")
    values = joined(pa.array(thousandths), heads_of_pair, ",")
    marks = pc.binary_join_element_wise(";", texts(pa.array(key)), "")
    pairs = pc.binary_join_element_wise(marks, slots, values, ":")
    queries, pairs_of_query = np.unique(query, return_counts=True)
    return rows_table(query=queries.astype(np.int16), entries=joined(pairs, pairs_of_query, ""))


def _thousandths(exact: np.ndarray) -> np.ndarray:
    """Whole thousandths that make the same whole percent as the exact ones: 524.7 is 524 and not 525.

    Else the picture would say 53% where the words beside it say 52%.
    """
    whole = np.rint(exact).astype(np.int16)
    between = whole % 10 == 5
    whole[between] += np.where(exact[between] > whole[between], 1, -1).astype(np.int16)
    return whole


def _switch_table(attention: Attention, switches: Sequence[int], theme: Theme) -> pa.Table:
    colours = [head_colour(head, theme) for head in switches]
    return rows_table(
        name=[attention.head_names[head] for head in switches],
        slot=np.arange(len(switches), dtype=np.int16),
        colour=colours,
        ink=[ink_on(colour) for colour in colours],
        dash=np.array([head_dash(head) for head in switches], np.int8),
    )
