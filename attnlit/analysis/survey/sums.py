"""The scores of heads on many texts, as sums that can be added up: of one size for any number of texts.

`summarise` turns the records of a few texts into sums, and `merge` adds two of them; both are pure, so a
loop, a pool of processes or a cluster can run them alike. Sums are whole multiples of 1 / EXACT, so that
adding is exact: in whatever order parts are merged, every byte is the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from attnlit.analysis.scores import SCORES
from attnlit.analysis.scores.evidence import Evidence, evidence_of
from attnlit.analysis.scores.spread import divergence
from attnlit.analysis.survey.examples import Collected, both, collect
from attnlit.attention.values import Written

if TYPE_CHECKING:
    from attnlit.attention.record import Attention

BINS = 100  # texts are resampled by these for intervals: up to so many one by one, above that in such groups
# A share is rounded to 6e-8, as float32 weights are; the sums of a hundred million long texts fit into int64.
EXACT = 2**24
COMPARED_TEXTS = 16  # for how much a head varies and how unlike two heads are
COMPARED_TOKENS = 10
# The map of heads compares each with each: so many numbers of one text at most, and so many heads, of which a
# matrix takes 8 MB.
COMPARED_NUMBERS = 5_000_000
MOST_COMPARED_HEADS = 1024

_SUMMED = [score for score in SCORES if score.compute is not None]
_SIZES = [max(1, len(score.offsets)) for score in _SUMMED]
_ENDS = np.cumsum(_SIZES)
# Which rows of a block of sums belong to a score: one, or one for each of its offsets.
ROWS = {
    score.name: slice(int(end) - size, int(end))
    for score, size, end in zip(_SUMMED, _SIZES, _ENDS, strict=True)
}


@dataclass(frozen=True, eq=False)
class Sums:
    """What remains of texts once they are scored: of one size, however many they were."""

    # By bin: EXACT times scores times what they count, and what they count: int64 (2, rows, L, H).
    bins: Mapping[int, np.ndarray] = field(default_factory=dict)
    texts: int = 0
    tokens: int = 0
    left_out: int = 0
    why_left_out: Mapping[int, str] = field(default_factory=dict)  # by index, the first text's reason only
    # Of the first few texts, by their index: attention among the first tokens (L, H, 10, 10) ...
    starts: Mapping[int, np.ndarray] = field(default_factory=dict)
    # ... and how unlike each two heads are: EXACT times summed Jensen-Shannon divergences, int64 (L·H, L·H).
    divergence: np.ndarray | None = None
    divergence_rows: int = 0
    # Texts to show beside the scores; None where none were asked for.
    examples: Collected | None = None

    @property
    def nbytes(self) -> int:
        """Memory of the arrays."""
        parts = [*self.bins.values(), *self.starts.values(), self.divergence]
        return sum(part.nbytes for part in [*parts, self.examples] if part is not None)


def summarise(
    records: Sequence[Attention],
    indices: Sequence[int],
    *,
    written: Sequence[Written] | None = None,
    scores_only: bool = False,
) -> Sums:
    """The sums of a few whole texts. indices: the place of each among all texts.

    written: how long what the heads pass on is in each: to list where they write most, and score who writes
    next to nothing.
    scores_only: no texts to show, and not how unlike each two heads are, which the map of heads needs.
    """
    lengths = [None] * len(records) if written is None else [each.by_query for each in written]
    parts = (
        _of_text(record, index, each, not scores_only)
        for record, index, each in zip(records, indices, lengths, strict=True)
    )
    sums = reduce(merge, parts, Sums())
    if scores_only:
        return sums
    norms = None if written is None else [each.by_key for each in written]
    return replace(sums, examples=collect(records, indices, norms))


def left_out(indices: Sequence[int], why: str) -> Sums:
    """The sums of texts that cannot be scored: only how many they are, and why."""
    return Sums(left_out=len(indices), why_left_out={min(indices): why})


def merge(one: Sums, other: Sums) -> Sums:
    """The sums of both. The order of several merges does not matter, to the byte."""
    bins = dict(one.bins)
    for number, block in other.bins.items():
        bins[number] = bins[number] + block if number in bins else block
    divergences = [sums.divergence for sums in (one, other) if sums.divergence is not None]
    examples = [sums.examples for sums in (one, other) if sums.examples is not None]
    reasons = {**one.why_left_out, **other.why_left_out}
    return Sums(
        bins=bins,
        texts=one.texts + other.texts,
        tokens=one.tokens + other.tokens,
        left_out=one.left_out + other.left_out,
        why_left_out={index: reasons[index] for index in sorted(reasons)[:1]},
        starts={**one.starts, **other.starts},
        divergence=sum(divergences[1:], divergences[0]) if divergences else None,
        divergence_rows=one.divergence_rows + other.divergence_rows,
        examples=reduce(both, examples) if examples else None,
    )


def scored(evidence: Evidence) -> np.ndarray:
    """Scores times what they count, and what they count: int64 (2, rows, L, H), the former times EXACT.

    Of random tokens only the scores that are not of texts, of a text only those.
    """
    heads = evidence.weights.shape[:2]
    values = np.full((sum(_SIZES), *heads), np.nan)
    counts = np.zeros(values.shape)
    for score in _SUMMED:
        if score.of_texts == evidence.random or not score.applies(evidence):
            continue
        assert score.compute is not None
        values[ROWS[score.name]] = score.compute(evidence)
        counts[ROWS[score.name]] = score.count(evidence)
    known = np.isfinite(values)
    added = np.rint(np.where(known, values, 0.0) * counts * EXACT)
    return np.stack([added, known * counts]).astype(np.int64)


def _of_text(record: Attention, index: int, lengths: np.ndarray | None, for_map: bool) -> Sums:
    evidence = evidence_of(record, lengths)
    weights = record.weights
    compared = index < COMPARED_TEXTS
    on_map = for_map and compared and record.layers * record.heads <= MOST_COMPARED_HEADS
    rows = _compared_rows(weights) if on_map else ()
    return Sums(
        bins={index % BINS: scored(evidence)},
        texts=1,
        tokens=evidence.queries,
        starts={index: weights[..., :COMPARED_TOKENS, :COMPARED_TOKENS].copy()}
        if compared and evidence.within
        else {},
        divergence=np.rint(divergence(weights[:, :, rows]) * EXACT).astype(np.int64) if on_map else None,
        divergence_rows=len(rows),
    )


def _compared_rows(weights: np.ndarray) -> np.ndarray:
    """Some of the queries, evenly spread: comparing each two heads on all of a long text takes too long."""
    layers, heads, queries, keys = weights.shape
    rows = int(np.clip(COMPARED_NUMBERS // (layers * heads) ** 2 * 2 // keys, 4, queries))
    return np.unique(np.linspace(0, queries - 1, rows).round().astype(int))
