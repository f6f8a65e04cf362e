"""The tables of the layered picture, from the shares that go through each layer.

Lines, dots and the parts of every token travel as compact text, because Streamlit's front end reads a table
cell by cell; the browser takes apart what it draws.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
import pyarrow as pa

from attnlit.charts.flow.layout import BOTTOM, TOP
from attnlit.charts.labels import column_width, font_size, labels, row_height
from attnlit.charts.packed_text import one_text, row_texts, rows_table
from attnlit.charts.theme import Theme
from attnlit.wording import percent, times

if TYPE_CHECKING:
    from attnlit.attention.record import Token

NOWHERE = "nowhere"  # what stands for all that learned sinks took
LINE_BUDGET = 1500  # lines a side, the strongest; more would take a browser longer than a tenth of a second
FINE = 100_000  # lines and dots are whole numbers of this share
PARTS = 10_000  # of what a token passes on, what ends in each input, in whole parts of this
PARTS_BUDGET = 2 * 12 * 64 * 64  # numbers that travel for pointing at an input; beyond, only words answer
LEAST_LINE, LEAST_DOT = 0.0003, 0.002  # of all: fainter ones cannot be seen
LEAST_SHARE = 0.0005  # where both shares print as 0.0%, their ratio is one of rounding
OUT_OF_REACH = 1e-9  # less than this is what rounding leaves of nothing
SIDES = ("own", "even")  # the model's attention, and uniform attention


@runtime_checkable
class Routes(Protocol):
    """What is drawn: `attnlit.flow` returns it, and `attnlit.rollout(attention).routes(query)`."""

    @property
    def tokens(self) -> tuple[Token, ...]: ...

    @property
    def query(self) -> int: ...

    @property
    def layer_numbers(self) -> tuple[int, ...]:
        """The number in the model of each layer of the edges."""

    @property
    def edges(self) -> np.ndarray:
        """(L, N, N): the share that goes through layer l from token j below it to token i above it."""

    @property
    def uniform_edges(self) -> np.ndarray:
        """The same for uniform attention."""

    @property
    def nodes(self) -> np.ndarray:
        """(L + 1, N): the share that each token holds below every layer, and above the last."""

    @property
    def uniform_nodes(self) -> np.ndarray:
        """The same for uniform attention."""


@dataclass(frozen=True, eq=False)
class Drawing:
    """The routes as they are drawn: where something is lost, "nowhere" is one more token, which keeps it."""

    texts: tuple[str, ...]
    special: tuple[bool, ...]
    query: int
    layer_numbers: tuple[int, ...]
    edges: dict[str, np.ndarray]  # of each side: (L, N, N)
    nodes: dict[str, np.ndarray]  # of each side: (L + 1, N), the inputs first; every row sums to 1

    @property
    def shares(self) -> np.ndarray:
        return self.nodes["own"][0]

    @property
    def even(self) -> np.ndarray:
        return self.nodes["even"][0]

    @property
    def ratio(self) -> np.ndarray:
        """Shares as multiples of the even ones; NaN where a mask hides the token, and for rounding."""
        known = (self.even > OUT_OF_REACH) & (np.maximum(self.shares, self.even) >= LEAST_SHARE)
        return np.divide(self.shares, self.even, out=np.full(len(self.texts), np.nan), where=known)


def drawing(routes: Routes) -> Drawing:
    """The routes with what is lost on the way."""
    texts = labels(routes.tokens)
    special = [token.special for token in routes.tokens]
    edges = dict(zip(SIDES, (routes.edges, routes.uniform_edges), strict=True))
    nodes = dict(zip(SIDES, (routes.nodes, routes.uniform_nodes), strict=True))
    if max(1 - each[0].sum() for each in nodes.values()) >= LEAST_SHARE:
        texts, special = [*texts, NOWHERE], [*special, True]
        for side in SIDES:
            edges[side], nodes[side] = _with_nowhere(edges[side], nodes[side])
    return Drawing(tuple(texts), tuple(special), routes.query, routes.layer_numbers, edges, nodes)


def _with_nowhere(edges: np.ndarray, nodes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both with one more token, to which what a layer loses goes, and which passes all of it on."""
    layers, count, _ = edges.shape
    lost = np.maximum(0, 1 - nodes.sum(axis=1))  # (L + 1,)
    whole = np.zeros((layers, count + 1, count + 1))
    whole[:, :count, :count] = edges
    whole[:, :count, count] = np.maximum(0, nodes[1:] - edges.sum(axis=2))
    whole[:, count, count] = lost[1:]
    return whole, np.column_stack([nodes, lost])


def flow_tables(drawn: Drawing, theme: Theme) -> tuple[dict[str, pa.Table], tuple[str, ...]]:
    """The tables that the layered specification names, and the sentences for under the picture."""
    with_parts = 2 * drawn.edges["own"].size <= PARTS_BUDGET
    tokens = token_table(drawn, theme)
    tables = {"setup": _setup_table(drawn, with_parts)}
    for side, edges in drawn.edges.items():
        tables[f"{side}_lines"] = _line_table(edges)
        tables[f"{side}_dots"] = _dot_table(drawn.nodes[side])
        texts = _part_texts(edges) if with_parts else pa.array([""] * len(drawn.texts))
        tokens = tokens.append_column(f"{side}_parts", texts)
    tables["tokens"] = tokens
    return tables, _notes(drawn.edges["own"])


def _setup_table(drawn: Drawing, with_parts: bool) -> pa.Table:
    count = len(drawn.texts)
    row = row_height(count)
    return rows_table(
        layers=[len(drawn.edges["own"])],
        layer_names=[",".join(map(str, drawn.layer_numbers))],
        count=[count],
        row=[row],
        height=[TOP + count * row + BOTTOM],
        token_room=[column_width(drawn.texts, font_size(row))],
        font_size=[font_size(row)],
        query=[drawn.query],
        with_parts=[with_parts],
    )


def token_table(drawn: Drawing, theme: Theme) -> pa.Table:
    """One row a token: what is written and drawn of its shares."""
    ratio = drawn.ratio
    return rows_table(
        place=np.arange(len(drawn.texts), dtype=np.int16),
        text=list(drawn.texts),
        ink=[theme.faint if special else theme.text for special in drawn.special],
        share=drawn.shares,
        even=drawn.even,
        share_text=[percent(each) for each in drawn.shares],
        even_text=[percent(each) for each in drawn.even],
        log_ratio=np.log2(np.maximum(np.nan_to_num(ratio, nan=1.0), 2.0**-20)),
        ratio_text=[times(each) for each in ratio],
    )


def parts_of(edges: np.ndarray) -> np.ndarray:
    """Of what a token passes on above a layer, the part that ends in each input: (L, N, inputs).

    Row 0 is above layer 0; a token that passes on nothing has no parts.
    """
    below = np.eye(edges.shape[1])
    parts = np.empty_like(edges)
    for layer, through in enumerate(edges):
        held = through.sum(axis=1, keepdims=True)
        below = np.divide(through, held, out=np.zeros_like(through), where=held > 0) @ below
        parts[layer] = below
    return parts


def _line_table(edges: np.ndarray) -> pa.Table:
    """The strongest lines, the thinnest first, as one text a column."""
    flat = edges.ravel()
    (drawn,) = np.nonzero(flat >= _thinnest(flat))
    drawn = drawn[np.argsort(flat[drawn], kind="stable")]
    layer, above, below = np.unravel_index(drawn, edges.shape)
    return rows_table(
        layers=one_text(layer), aboves=one_text(above), belows=one_text(below),
        shares=one_text(np.rint(flat[drawn] * FINE).astype(np.int32)),
    )  # fmt: skip


def _thinnest(flat: np.ndarray) -> float:
    """The share from which on a line is drawn."""
    if flat.size <= LINE_BUDGET:
        return LEAST_LINE
    return max(LEAST_LINE, float(np.partition(flat, flat.size - LINE_BUDGET)[flat.size - LINE_BUDGET]))


def _dot_table(nodes: np.ndarray) -> pa.Table:
    level, place = np.nonzero(nodes >= LEAST_DOT)
    return rows_table(
        levels=one_text(level), places=one_text(place),
        shares=one_text(np.rint(nodes[level, place] * FINE).astype(np.int32)),
    )  # fmt: skip


def _part_texts(edges: np.ndarray) -> pa.Array:
    """One text an input: for every layer and token above it, what part of it ends here, in PARTS."""
    whole = np.rint(parts_of(edges) * PARTS).astype(np.int32)  # (L, N, inputs)
    columns = np.moveaxis(whole, -1, 0).reshape(edges.shape[1], -1)
    return row_texts(columns, {"": columns == 0})


def _notes(edges: np.ndarray) -> tuple[str, ...]:
    flat = edges.ravel()
    thinnest = _thinnest(flat)
    drawn = flat[flat >= thinnest]
    share = float(drawn.sum()) / len(edges)
    if share >= 0.995:
        return ()
    return (
        f"Only the model's {len(drawn):,} strongest lines are drawn: {share:.0%} of all that goes through.",
    )
