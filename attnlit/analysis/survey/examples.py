"""Texts beside scores: those that excite a head most, those where it writes most, and random ones.

"Most" is by surprise: log A[i, j] less the mean of log A that the same head gives at the same distance. By
weight alone the first ten texts of a sharp head would be any ten. The texts of the third list are drawn by
their number, so they are the same however the work was shared, and show no head at its best.

Within one group of distances the order by surprise is that by weight, whatever the mean turns out to be. So
the strongest looks of each group are kept while texts are read, and ranked exactly when the mean is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from attnlit.analysis.survey.looks import CLEAR, NOBODY, looks_of, strongest

if TYPE_CHECKING:
    from attnlit.attention.record import Attention, Token

KEPT = 10  # texts of each list
LEAST = 0.1  # of a query's attention: a weaker look is no example of anything
EXACT = 2**24  # sums are whole multiples of 1 / EXACT, so that adding them is exact in any order


@dataclass(frozen=True, eq=False)
class Source:
    """A text that some list names, and where its tokens stand in it."""

    text: str
    pair: str | None
    # int32 (tokens, 3) as queries and as keys: 0 for the text and 1 for the pair, first character, the one
    # after the last; -1 where that is not known. None: keys are the queries.
    queries: np.ndarray
    keys: np.ndarray | None


@dataclass(frozen=True, eq=False)
class Ranked:
    """Looks in order of their value: (..., K) each; NOBODY and 0 where there are no more."""

    values: np.ndarray  # float32
    texts: np.ndarray  # int64: the place of the text among all
    queries: np.ndarray  # int32
    keys: np.ndarray  # int32

    @property
    def parts(self) -> tuple[np.ndarray, ...]:
        """The four arrays."""
        return self.values, self.texts, self.queries, self.keys


@dataclass(frozen=True, eq=False)
class Collected:
    """What is kept of texts that were read: of one size for any number. Merged by `both`."""

    texts: int
    # Texts with a look of CLEAR or more: int64 (L, H).
    clear: np.ndarray
    # EXACT times the sums of all weights' logarithms, int64 (L, H, B), and how many they are, int64 (B,).
    logs: np.ndarray
    pairs: np.ndarray
    # The strongest look of each group of distances in KEPT texts: (L, H, B, KEPT).
    best: Ranked
    # The longest vectors that are passed on, in KEPT texts: (L, H, 1, KEPT); None where they were not asked.
    written: Ranked | None
    # Of texts drawn by their number, by that number, the strongest looks: (L, H, B, 1).
    sample: Mapping[int, Ranked] = field(default_factory=dict)
    sources: Mapping[int, Source] = field(default_factory=dict)

    @property
    def nbytes(self) -> int:
        """Memory of the arrays."""
        ranked = [self.best, *([self.written] if self.written else []), *self.sample.values()]
        arrays = [self.clear, self.logs, self.pairs, *(part for each in ranked for part in each.parts)]
        spans = [each for source in self.sources.values() for each in (source.queries, source.keys)]
        return sum(array.nbytes for array in [*arrays, *spans] if array is not None)


def collect(
    records: Sequence[Attention], indices: Sequence[int], norms: Sequence[np.ndarray] | None = None
) -> Collected:
    """What is kept of whole texts. indices: the place of each among all.

    norms: (L, H, Q, K) of each, what `attnlit.passed_on` weighs, for the list of what is written.
    """
    looks = looks_of(records)
    numbers = np.array(indices, np.int64)
    every = Ranked(looks.weights, np.broadcast_to(numbers, looks.weights.shape), looks.queries, looks.keys)
    drawn = _drawn(indices)
    sample = {
        index: Ranked(*(part[..., place, None].copy() for part in every.parts))
        for place, index in enumerate(indices)
        if index in drawn
    }
    best = _first(every, LEAST)
    written = None
    if norms is not None:
        found = [strongest(record, each) for record, each in zip(records, norms, strict=True)]
        values, queries, keys = (np.stack(part, -1)[:, :, None] for part in zip(*found, strict=True))
        written = _first(Ranked(values, np.broadcast_to(numbers, values.shape), queries, keys))
    named = _named(best, written, sample)
    return Collected(
        texts=len(records),
        clear=(every.values.max(2) >= CLEAR).sum(-1, dtype=np.int64),
        logs=np.rint(looks.logs * EXACT).astype(np.int64).sum(-1),
        pairs=looks.pairs.sum(-1),
        best=best,
        written=written,
        sample=sample,
        sources={
            index: _source(record) for index, record in zip(indices, records, strict=True) if index in named
        },
    )


def both(one: Collected, other: Collected) -> Collected:
    """What is kept of the texts of both. The order of several merges does not matter, to the byte."""
    drawn = _drawn([*one.sample, *other.sample])
    samples = {**one.sample, **other.sample}
    sample = {index: samples[index] for index in sorted(drawn)}
    best = _joined([one.best, other.best])
    written = _joined([each.written for each in (one, other) if each.written is not None])
    assert best is not None
    sources = {**one.sources, **other.sources}
    return Collected(
        texts=one.texts + other.texts,
        clear=one.clear + other.clear,
        logs=one.logs + other.logs,
        pairs=one.pairs + other.pairs,
        best=best,
        written=written,
        sample=sample,
        sources={index: sources[index] for index in _named(best, written, sample)},
    )


def _joined(several: Sequence[Ranked]) -> Ranked | None:
    if len(several) < 2:
        return several[0] if several else None
    return _first(
        Ranked(*(np.concatenate(parts, -1) for parts in zip(*(x.parts for x in several), strict=True)))
    )


def _first(ranked: Ranked, least: float = 0.0) -> Ranked:
    """The first KEPT by value, then by text; those that reach `least`, and nobody after them."""
    values = np.where(ranked.values >= least, ranked.values, 0).astype(np.float32)
    order = np.lexsort((ranked.texts, -values), axis=-1)[..., :KEPT]
    parts = [np.take_along_axis(part, order, -1) for part in (values, *ranked.parts[1:])]
    nobody = parts[0] <= 0
    for part in parts[1:]:
        part[nobody] = NOBODY
    missing = KEPT - order.shape[-1]
    if missing > 0:
        room = [(0, 0)] * (values.ndim - 1) + [(0, missing)]
        parts = [
            np.pad(part, room, constant_values=0 if at == 0 else NOBODY) for at, part in enumerate(parts)
        ]
    return Ranked(*parts)


def _drawn(indices: Iterable[int]) -> set[int]:
    """KEPT of these texts, as if by lot: those whose numbers, well shuffled, come first."""
    numbers = np.array(sorted(set(indices)), np.uint64)
    return {int(each) for each in numbers[np.argsort(_shuffled(numbers), kind="stable")[:KEPT]]}


def _shuffled(numbers: np.ndarray) -> np.ndarray:
    """A number for each number, the same for ever, that looks random (the last step of splitmix64)."""
    mixed = (numbers + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def _named(best: Ranked, written: Ranked | None, sample: Mapping[int, Ranked]) -> list[int]:
    """The numbers of the texts that the lists name, in order."""
    texts = [best.texts.ravel(), np.array(list(sample), np.int64)]
    if written is not None:
        texts.append(written.texts.ravel())
    return [int(each) for each in np.unique(np.concatenate(texts)) if each != NOBODY]


def _source(record: Attention) -> Source:
    target = record.kind in ("decoder", "cross")  # its tokens are those of the pair
    queries = _spans(record.queries, 1 if target else None)
    return Source(record.text, record.pair, queries, _spans(record.keys) if record.kind == "cross" else None)


def _spans(tokens: Sequence[Token], segment: int | None = None) -> np.ndarray:
    """int32 (tokens, 3), see `Source`. segment: of all of them; None: what each of them says."""
    places = [
        (-1, -1, -1)
        if token.segment is None or token.span is None
        else (token.segment if segment is None else segment, *token.span)
        for token in tokens
    ]
    return np.array(places, np.int32)
