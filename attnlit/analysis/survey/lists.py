"""The examples of a finished survey: three lists of texts for every head, ranked and with their surprise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp
from typing import TYPE_CHECKING, Literal

import numpy as np

from attnlit.analysis.survey.examples import EXACT, KEPT, Collected, Ranked, Source
from attnlit.analysis.survey.looks import FLOOR, NOBODY
from attnlit.models.layers import heads_in_order, row_of

if TYPE_CHECKING:
    import pandas as pd

ListName = Literal["surprise", "written", "sample"]
LISTS: tuple[ListName, ...] = ("surprise", "written", "sample")
Place = tuple[int, int, int]  # 0 for the text or 1 for its pair, first character, the one after the last


@dataclass(frozen=True)
class Example:
    """One look of one head in one text."""

    text: str
    pair: str | None
    # The place of the text among all that were read.
    number: int
    # Positions of the two tokens, as `attnlit.attend` counts them, and where they stand in the text.
    query: int
    key: int
    query_place: Place | None
    key_place: Place | None
    # The share of the query's attention; of the list "written" the length of what is passed on.
    value: float
    # log of the weight less the mean of log that this head gives at this distance, in nats; NaN of "written".
    surprise: float

    @property
    def usual(self) -> float:
        """What this head usually gives at that distance, a share of attention; NaN of the list "written"."""
        return max(self.value, FLOOR) / exp(self.surprise)

    @property
    def words(self) -> tuple[str, str]:
        """What stands in the text where it looks from, and to; empty where that is not known."""
        found = [
            "" if place is None else ((self.pair or "") if place[0] else self.text)[place[1] : place[2]]
            for place in (self.query_place, self.key_place)
        ]
        return found[0], found[1]


@dataclass(frozen=True, eq=False)
class Examples:
    """The texts beside a survey's scores."""

    # The number in the model of each layer that the arrays hold.
    layer_numbers: tuple[int, ...]
    # Texts that were read for them.
    texts: int
    # Texts in which a head gives one token at least half of its attention, as a share: (L, H). The first
    # token, special tokens and the query itself do not count.
    clear: np.ndarray
    # The mean of log weights by groups of distances, (L, H, B): what a head usually gives. NaN: no such pair.
    usual: np.ndarray
    # By name: looks (L, H, KEPT), and their surprise. "written" only where it was asked for.
    lists: Mapping[ListName, Ranked]
    surprise: Mapping[ListName, np.ndarray]
    sources: Mapping[int, Source]

    def of(self, layer: int, head: int, which: ListName = "surprise") -> list[Example]:
        """The texts of one list of a head, first the one that comes first; of "sample" in no order."""
        if which not in self.lists:
            return []
        ranked, surprise = self.lists[which], self.surprise[which]
        at = (self.row(layer), head)
        rows = zip(*(part[at] for part in (*ranked.parts, surprise)), strict=True)
        return [
            _example(self.sources[int(number)], int(number), int(query), int(key), float(value), float(how))
            for value, number, query, key, how in rows
            if number != NOBODY
        ]

    def row(self, layer: int) -> int:
        """Where in the arrays a layer stands, by its number in the model."""
        return row_of(layer, self.layer_numbers, "this model")

    def table(self) -> pd.DataFrame:
        """All lists, one row an example: layer, head, list and rank first, then the fields of `Example`."""
        import pandas as pd

        return pd.DataFrame(self._rows(), columns=COLUMNS)

    def _rows(self) -> Iterator[tuple[object, ...]]:
        nowhere = (None, None, None)
        for layer, head in heads_in_order(self.layer_numbers, self.clear.shape[1]):
            for name in LISTS:
                for rank, each in enumerate(self.of(layer, head, name)):
                    yield (
                        layer, head, name, rank, each.value, each.surprise, each.number, each.query, each.key,
                        *(each.query_place or nowhere), *(each.key_place or nowhere), each.text, each.pair,
                    )  # fmt: skip


COLUMNS = (
    *("layer", "head", "list", "rank", "value", "surprise", "number", "query", "key"),
    *("query_in", "query_from", "query_to", "key_in", "key_from", "key_to", "text", "pair"),
)


def ranked_lists(collected: Collected, layer_numbers: Sequence[int] | None = None) -> Examples:
    """The three lists of every head, from what was kept while the texts were read."""
    with np.errstate(invalid="ignore", divide="ignore"):
        usual = collected.logs / EXACT / collected.pairs  # (L, H, B)
    best, how = _by_surprise(collected.best, usual)
    sample, how_sample = _sample(collected, usual)
    lists: dict[ListName, Ranked] = {"surprise": best, "sample": sample}
    surprise: dict[ListName, np.ndarray] = {"surprise": how, "sample": how_sample}
    if collected.written is not None:
        lists["written"] = Ranked(*(part[:, :, 0] for part in collected.written.parts))
        surprise["written"] = np.full(lists["written"].values.shape, np.nan)
    return Examples(
        layer_numbers=tuple(range(len(collected.clear)) if layer_numbers is None else layer_numbers),
        texts=collected.texts,
        clear=collected.clear / collected.texts,
        usual=usual,
        lists={name: lists[name] for name in LISTS if name in lists},
        surprise={name: surprise[name] for name in LISTS if name in surprise},
        sources=collected.sources,
    )


def _by_surprise(ranked: Ranked, usual: np.ndarray) -> tuple[Ranked, np.ndarray]:
    """The first KEPT texts of all groups of distances together, one look a text; and their surprise."""
    layers, heads = usual.shape[:2]
    how = np.where(ranked.texts == NOBODY, -np.inf, _logs(ranked.values) - usual[..., None])
    flat = [part.reshape(layers, heads, -1) for part in (how, *ranked.parts)]
    order = np.lexsort((flat[2], -flat[0]), axis=-1)
    how, values, texts, queries, keys = (np.take_along_axis(part, order, -1) for part in flat)
    found = Ranked(
        np.zeros((layers, heads, KEPT), np.float32),
        *(np.full((layers, heads, KEPT), NOBODY, part.dtype) for part in (texts, queries, keys)),
    )
    kept = np.full((layers, heads, KEPT), np.nan)
    for at in np.ndindex(layers, heads):
        first = np.sort(np.unique(texts[at], return_index=True)[1])  # of each text the most surprising look
        some = [place for place in first if texts[at][place] != NOBODY][:KEPT]
        for part, whole in zip((kept, *found.parts), (how, values, texts, queries, keys), strict=True):
            part[at][: len(some)] = whole[at][some]
    return found, kept


def _sample(collected: Collected, usual: np.ndarray) -> tuple[Ranked, np.ndarray]:
    """Of each text that was drawn the most surprising look of each head, weak as it may be."""
    ranked = [collected.sample[number] for number in sorted(collected.sample)]
    parts = zip(*(each.parts for each in ranked), strict=True)
    values, texts, queries, keys = (np.concatenate(part, -1) for part in parts)  # (L, H, B, drawn)
    how = np.where(queries == NOBODY, -np.inf, _logs(values) - usual[..., None])
    best = how.argmax(2)[:, :, None]  # (L, H, 1, drawn)
    how, values, texts, queries, keys = (
        np.take_along_axis(part, best, 2)[:, :, 0] for part in (how, values, texts, queries, keys)
    )
    texts = np.where(queries == NOBODY, NOBODY, texts)
    return Ranked(values, texts, queries, keys), np.where(queries == NOBODY, np.nan, how)


def _logs(weights: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(weights, FLOOR), dtype=np.float64)


def _example(source: Source, number: int, query: int, key: int, value: float, surprise: float) -> Example:
    keys = source.queries if source.keys is None else source.keys
    return Example(
        source.text, source.pair, number, query, key, _place(source.queries[query]), _place(keys[key]),
        value, surprise,
    )  # fmt: skip


def _place(span: np.ndarray) -> Place | None:
    segment, start, end = (int(each) for each in span)
    return None if segment < 0 else (segment, start, end)
