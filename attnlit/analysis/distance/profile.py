"""Attention by distance, averaged over texts.

The distance of a pair is the query's position minus the key's: 0 is the token itself, negative distances lie
ahead and exist only where a model sees them.

Every distance must be measured on the same queries, or the text's length alone would make attention seem to
fall: an even head gives each of n tokens 1/n, and only queries late in a text have distant keys. So a query
counts only if its text has a key at every distance up to the longest, none of them a special token or the
text's first token, on which many heads rest whatever its distance.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from attnlit.analysis.scores.spread import SKIPPED_ABOVE
from attnlit.errors import AttnlitError
from attnlit.models.layers import row_of

if TYPE_CHECKING:
    from attnlit.attention.record import Attention
    from attnlit.attention.vectors import LayerInputs

SIDES = ("before", "after")  # where keys are, seen from the query
SMALLEST = 1e-5  # a smaller share of attention counts as this: nobody would see the difference
NOISE = 1e-4  # rows whose attention differs by less than this share of itself are even but for rounding


@dataclass(frozen=True, eq=False)
class DistanceProfile:
    """What the heads of one kind do at each distance, averaged over queries and texts.

    In arrays of (L, H, ...) NaN stands for a head that nothing can be said of.
    """

    # In the model, of the layers that the arrays hold.
    layer_numbers: tuple[int, ...]
    # int (distances,): query's position - key's, from the longest ahead, if any, to the longest back
    distances: np.ndarray
    attention: np.ndarray  # float64 (L, H, distances): mean A[i, i - distance]
    even: np.ndarray  # float64 (distances,): the same for a head that spreads its attention evenly
    queries: int  # each distance rests on so many pairs
    visible: np.ndarray  # bool (L, H, distances): False where a window hides the keys
    # The same without the first token: its attention left out, each row divided by what remains, and rows
    # with more than 90 % on it skipped (Vig and Belinkov 2019), so each head has its own number of queries.
    attention_rest: np.ndarray
    even_rest: np.ndarray
    queries_rest: np.ndarray  # int (L, H)
    first: np.ndarray  # float64 (L, H): mean attention to the first token
    # Towards the keys before the query and, where there are any, after it: see `scan`, side.
    line: np.ndarray  # float64 (sides, layers, heads): see `scan`, decay
    explained: np.ndarray  # float64 (sides, layers, heads): see `scan`, by_distance
    slope: np.ndarray  # float64 (sides, layers, heads): of log attention, for a token of distance
    # What made the attention, where the model shows it; else both are None.
    scores: np.ndarray | None  # float64 (L, H, distances): mean score; -inf where not visible
    products: np.ndarray | None  # float32 (L, H, d, distances): mean scaling * q_i[n] * k_{i-d}[n]

    @property
    def sides(self) -> tuple[str, ...]:
        """Where keys are: "before" the query and, in an encoder, "after" it."""
        return SIDES[: len(self.line)]

    def row(self, layer: int) -> int:
        """Where in the arrays a layer stands, by its number in the model."""
        return row_of(layer, self.layer_numbers, "this model")

    @property
    def nbytes(self) -> int:
        """Memory of the arrays."""
        return sum(part.nbytes for part in vars(self).values() if isinstance(part, np.ndarray))


def by_distance(attentions: Iterable[Attention], longest: int) -> DistanceProfile:
    """Averages attention, scores and products at every distance up to `longest`, over texts as they come.

    Only sums are kept, so memory does not grow with the texts. Records must be whole (no filter); texts with
    no query far enough from both ends count nothing. Raises AttnlitError if that leaves no query at all.
    """
    sums: _Sums | None = None
    for attention in attentions:
        rows = queries_in_reach(attention, longest)
        if len(rows):
            sums = _Sums(attention, longest) if sums is None else sums
            sums.add(attention, rows)
    if sums is None:
        raise AttnlitError(f"The texts are too short for a distance of {longest} tokens. Use longer ones.")
    return sums.means()


def queries_in_reach(attention: Attention, longest: int) -> np.ndarray:
    """The queries with an ordinary key, not the first token, at every distance: int (rows,)."""
    if [token.position for token in attention.keys] != list(range(len(attention.keys))):
        raise AttnlitError("Distances can be measured only on the whole text: some of its tokens are hidden.")
    ordinary = np.array([token.position > 0 and not token.special for token in attention.keys])
    before = np.concatenate([[0], np.cumsum(ordinary)])  # ordinary tokens before each position
    reach = 0 if attention.causal else longest
    rows = np.arange(longest, len(ordinary) - reach)
    return rows[before[rows + reach + 1] - before[rows - longest] == longest + reach + 1]


class _Sums:
    """Running sums over texts; see `DistanceProfile` for what becomes of them."""

    def __init__(self, attention: Attention, longest: int) -> None:
        heads = attention.weights.shape[:2]
        self.layer_numbers = attention.layer_numbers
        self.distances = np.arange(0 if attention.causal else -longest, longest + 1)
        self.queries = 0
        self.even, self.even_rest = np.zeros((2, len(self.distances)))
        self.weights, self.rest = np.zeros((2, *heads, len(self.distances)))
        self.first, self.rest_queries = np.zeros((2, *heads))
        # Log attention, each row centred over its keys of one side: its sum at each distance, and the sum of
        # its squares on each side.
        self.sides = [self.distances * sign > 0 for sign in ((1,) if attention.causal else (1, -1))]
        self.logs = np.zeros((*heads, len(self.distances)))
        self.squares = np.zeros((len(self.sides), *heads))
        self.visible = np.ones((*heads, len(self.distances)), dtype=bool)
        self.scores = self.products = None
        if attention.inputs:
            self.scores = np.zeros((*heads, len(self.distances)))
            self.products = np.zeros((*heads, attention.inputs[0].q.shape[-1], len(self.distances)))

    def add(self, attention: Attention, rows: np.ndarray) -> None:
        """One text, at these queries."""
        keys = rows[:, None] - self.distances  # (rows, distances)
        seen = rows + 1 if attention.causal else np.full(len(rows), len(attention.keys))  # keys of each row
        self.queries += len(rows)
        self.even += (1 / seen).sum()
        self.even_rest += (1 / (seen - 1)).sum()
        for layer, matrices in enumerate(attention.weights):  # (heads, queries, keys)
            weights = matrices[:, rows[:, None], keys].astype(np.float64)  # (heads, rows, distances)
            first = matrices[:, rows, 0].astype(np.float64)  # (heads, rows)
            total = matrices[:, rows].sum(-1, dtype=np.float64)
            self.weights[layer] += weights.sum(1)
            self.first[layer] += first.sum(1)
            counts = (first <= SKIPPED_ABOVE * total) & (total > first)  # bool (heads, rows)
            left = np.where(counts, total - first, np.inf)
            rest = weights / left[..., None]
            self.rest[layer] += rest.sum(1)
            self.rest_queries[layer] += counts.sum(1)
            if attention.inputs:
                self._add_scores(layer, attention, rows, keys)
            self._add_logs(layer, np.log(np.maximum(rest, SMALLEST)), counts)

    def _add_logs(self, layer: int, logs: np.ndarray, counts: np.ndarray) -> None:
        """logs: (heads, rows, distances); counts: bool (heads, rows)"""
        for number, side in enumerate(self.sides):
            seen = (side & self.visible[layer])[:, None]  # (heads, 1, distances)
            means = (logs * seen).sum(-1) / np.maximum(seen.sum(-1), 1)  # (heads, rows)
            centred = (logs - means[..., None]) * seen * counts[..., None]
            self.logs[layer] += centred.sum(1)
            self.squares[number, layer] += (centred**2).sum((1, 2))

    def _add_scores(self, layer: int, attention: Attention, rows: np.ndarray, keys: np.ndarray) -> None:
        assert self.scores is not None
        assert self.products is not None
        inputs = attention.inputs[layer]
        key_head = np.arange(len(inputs.q)) // (len(inputs.q) // len(inputs.k))
        for head in range(len(inputs.q)):
            self.scores[layer, head] += inputs.vectors(head).scores[rows[:, None], keys].sum(0)
        self.visible[layer] = ~np.isneginf(self.scores[layer])
        for place in range(len(self.distances)):
            together = np.einsum("hrn,hrn->hn", inputs.q[:, rows], inputs.k[key_head][:, keys[:, place]])
            self.products[layer, :, :, place] += inputs.scaling * together

    def means(self) -> DistanceProfile:
        queries_rest = np.where(self.rest_queries > 0, self.rest_queries, np.nan)
        line, explained, slope = np.full((3, *self.squares.shape), np.nan)
        for number, side in enumerate(self.sides):
            seen = side & self.visible  # (L, H, distances)
            count = seen.sum(-1)  # (L, H)
            steps = np.abs(self.distances) * seen
            away = (steps - (steps.sum(-1) / np.maximum(count, 1))[..., None]) * seen
            logs = self.logs * seen
            lone = count < 2  # one distance makes no line
            squares = np.where(
                lone, np.nan, np.maximum(self.squares[number], NOISE**2 * queries_rest * count)
            )
            rise = (logs * away).sum(-1)
            slope[number] = rise / np.where(lone, np.nan, queries_rest * (away**2).sum(-1))
            line[number] = -slope[number] * np.abs(rise) / squares
            explained[number] = (logs**2).sum(-1) / queries_rest / squares
        return DistanceProfile(
            layer_numbers=self.layer_numbers,
            distances=self.distances,
            attention=self.weights / self.queries,
            even=self.even / self.queries,
            queries=self.queries,
            visible=self.visible,
            attention_rest=self.rest / queries_rest[..., None],
            even_rest=self.even_rest / self.queries,
            queries_rest=self.rest_queries.astype(int),
            first=self.first / self.queries,
            line=line,
            explained=explained,
            slope=slope,
            scores=None if self.scores is None else self.scores / self.queries,
            products=None if self.products is None else (self.products / self.queries).astype(np.float32),
        )


def towards(
    profile: DistanceProfile, layer: int, head: int, values: np.ndarray, side: str
) -> tuple[np.ndarray, np.ndarray]:
    """Distances of one side without sign, 1 first, int (distances,), and values there (..., distances).

    values: (..., all distances of the profile). Distances that the head does not see are left out.
    """
    sign = 1 if side == SIDES[0] else -1
    places = np.flatnonzero((profile.distances * sign > 0) & profile.visible[profile.row(layer), head])
    places = places[np.argsort(np.abs(profile.distances[places]))]
    return np.abs(profile.distances[places]), values[..., places]


def one_head(attention: Attention, layer: int, head: int) -> Attention:
    """The record of one head, as if the model had no other: for `by_distance` where no other matters."""
    row = attention.row(layer, head)
    weights = attention.weights[row : row + 1, head : head + 1]
    inputs = tuple(_of(head, each) for each in attention.inputs[row : row + 1])
    return replace(attention, weights=weights, inputs=inputs, layer_numbers=(layer,))


def _of(head: int, inputs: LayerInputs) -> LayerInputs:
    """What one head's softmax was made of."""
    key_head = head // (len(inputs.q) // len(inputs.k))

    def own(part: np.ndarray | None) -> np.ndarray | None:
        return part if part is None or len(part) == 1 else part[head : head + 1]

    return replace(
        inputs,
        q=inputs.q[head : head + 1],
        k=inputs.k[key_head : key_head + 1],
        bias=own(inputs.bias),
        mask=own(inputs.mask),
        logits=own(inputs.logits),
        sinks=own(inputs.sinks),
    )
