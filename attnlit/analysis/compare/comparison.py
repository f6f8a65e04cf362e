"""Two texts under one model, or two models on one text: how differently each head looks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from attnlit.analysis.alignment import Pairs, tokens_lined_up
from attnlit.analysis.compare.rows import distance, on_these
from attnlit.analysis.flow.uniform import uniform_weights
from attnlit.attention.record import ATTENTION, Attention, check_record, frozen
from attnlit.errors import AttnlitError
from attnlit.models.layers import heads_in_order
from attnlit.wording import InOneLine, one_line

if TYPE_CHECKING:
    import pandas as pd

    from attnlit.attention.record import Token


@dataclass(frozen=True, eq=False, repr=False)
class Comparison(InOneLine):
    """Two records, and how differently each head looks where their tokens line up."""

    first: Attention
    second: Attention
    # Places of the tokens that line up, of those that look and of those that are looked at.
    queries: Pairs
    keys: Pairs
    # Those of the query pairs whose rows can differ: in a causal model from the first other token on.
    compared: Pairs
    # How differently each head looks in the two, float64 (L, H), nats: 0 alike, 0.69 nothing in common. None
    # where the records have not the same numbers of layers and heads.
    distances: np.ndarray | None
    # The same between each head of the first and attention spread evenly: float64 (L, H).
    even: np.ndarray

    def _said(self) -> str:
        most = self.most_different
        head = "" if most is None else f", head {most[0]}-{most[1]} looks most differently"
        models = one_line(" and ".join(dict.fromkeys((self.first.model, self.second.model))))
        return f"{models}, {len(self.compared)} queries compared{head}"

    def _shown_table(self) -> pd.DataFrame:
        return self.table

    @property
    def table(self) -> pd.DataFrame:
        """One row a head of the first: `layer`, `head`, `difference` (where heads correspond), `even`."""
        import pandas as pd

        heads = heads_in_order(self.first.layer_numbers, self.first.heads)
        table = pd.DataFrame(heads, columns=["layer", "head"])
        if self.distances is not None:
            table["difference"] = self.distances.ravel()
        table["even"] = self.even.ravel()
        return table

    @property
    def most_different(self) -> tuple[int, int] | None:
        """Layer and head of the head that looks most differently; None where heads do not correspond."""
        if self.distances is None:
            return None
        row, head = divmod(int(np.argmax(self.distances)), self.first.heads)
        return self.first.layer_numbers[row], head

    @property
    def other_words(self) -> list[tuple[int, int]]:
        """Places in the first and in the second of query tokens that line up and are not the same word."""
        return [
            (int(one), int(other))
            for one, other in zip(*self.queries, strict=True)
            if self.first.queries[one].text.casefold() != self.second.queries[other].text.casefold()
        ]

    def one_head(
        self, layer: int, head: int, other: tuple[int, int] | None = None
    ) -> tuple[Attention, Attention]:
        """One head of each, on the tokens that line up: two records of one layer, number 0, and one head.

        other: layer and head of the second; None is the same as of the first.
        """
        other = (layer, head) if other is None else other
        causal = self.first.causal and self.second.causal
        found = []
        for side, (record, place) in enumerate(((self.first, (layer, head)), (self.second, other))):
            row = record.row(*place)
            queries, keys = self.queries[side], self.keys[side]
            weights = record.weights[row, place[1]][np.ix_(queries, keys)][None, None]
            found.append(
                replace(
                    record,
                    weights=frozen(weights),
                    layer_numbers=(0,),
                    queries=tuple(record.queries[each] for each in queries),
                    keys=tuple(record.keys[each] for each in keys),
                    causal=causal,
                    whole=False,
                    inputs=(),
                    why_no_vectors="only tokens that line up are left of it.",
                )
            )
        return found[0], found[1]


def compare(first: Attention, second: Attention) -> Comparison:
    """How differently each head looks in two records: two texts, or two models on one text.

    Rows of tokens that line up (`attnlit.analysis.alignment`) are compared by the Jensen-Shannon divergence,
    averaged over the rows; what goes to tokens that do not line up counts as one more token. The result also
    says how far each head of the first record is from attention that is spread evenly.
    Raises AttnlitError where no token lines up, and for records of what is passed on.
    """
    for record in (first, second):
        check_record(record)
        if record.weighs != ATTENTION:
            raise AttnlitError("Only attention can be compared; these lines weigh what is passed on.")
    queries = tokens_lined_up(first.queries, second.queries)
    square = all(record.queries == record.keys for record in (first, second))
    keys = queries if square else tokens_lined_up(first.keys, second.keys)
    if not _any_word(first, queries):
        raise AttnlitError(
            "No word of one text lines up with a word of the other, so there is nothing to compare. "
            "Choose texts that share some words."
        )
    compared = _that_can_differ(first, second, queries)
    even = np.array(
        [
            distance(
                on_these(first.weights[row], compared[0], keys[0]),
                on_these(_even(first, layer), compared[0], keys[0]),
            )
            for row, layer in enumerate(first.layer_numbers)
        ]
    )
    distances = None
    if first.weights.shape[:2] == second.weights.shape[:2]:
        pairs = zip(first.weights, second.weights, strict=True)
        distances = np.array(
            [
                distance(on_these(one, compared[0], keys[0]), on_these(other, compared[1], keys[1]))
                for one, other in pairs
            ]
        )
    return Comparison(first, second, queries, keys, compared, distances, even)


def _even(record: Attention, layer: int) -> np.ndarray:
    """Attention spread evenly over what each token may see."""
    # Of a filtered record the mask is read from its weights: a key that no head looks at counts as hidden.
    return uniform_weights(record if record.whole else replace(record, inputs=(), causal=False), layer)


def _any_word(record: Attention, queries: Pairs) -> bool:
    return any(not record.queries[place].special for place in queries[0])


def _that_can_differ(first: Attention, second: Attention, queries: Pairs) -> Pairs:
    """Without the rows before the first other token, where a causal model cannot know of it yet."""
    if not (first.causal and second.causal and first.model == second.model):
        return queries
    pairs = zip(*queries, strict=True)
    starts = (
        number
        for number, (one, other) in enumerate(pairs)
        if one != other or one != number or _other(first.queries[one], second.queries[other])
    )
    start = next(starts, 0)
    return queries[0][start:], queries[1][start:]


def _other(first: Token, second: Token) -> bool:
    """Whether the model can tell them apart; tokens of arrays have no ids."""
    return (first.id, first.text) != (second.id, second.text)
