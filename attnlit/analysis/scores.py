"""The scores of heads on many texts, as sums that can be added up: of one size for any number of texts.

`summarise` turns the records of a few texts into sums, and `merge` adds two of them; both are pure, so a
loop, a pool of processes or a cluster can run them alike. Scores are means over tokens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from attnlit.analysis import roles
from attnlit.analysis.shapes import shapes

if TYPE_CHECKING:
    from attnlit.attention.record import Attention

BINS = 100  # texts are resampled by these for intervals: up to so many one by one, above that in such groups
REACH = 8  # tokens: a positional head keeps an offset up to this
_COMPARED_TEXTS = 16  # for how much a head varies and how unlike two heads are
_COMPARED_TOKENS = 10
_COMPARED_NUMBERS = 5_000_000  # of one text, at most, for how unlike two heads are


@dataclass(frozen=True)
class Score:
    """One score of a head, in words."""

    name: str
    title: str
    about: str  # one line: what is measured
    unit: str = "share"  # "share" (0 to 1), "nats", "tokens" or "score" (-1 to 1)
    of: str = "tokens"  # what is counted and averaged over: "tokens", "random tokens" or "texts"


SCORES = (
    Score("previous", "Previous token", "attention to the token before"),
    Score("next", "Next token", "attention to the token after"),
    Score("first", "First token", "attention to the first token: where a head rests"),
    Score("separators", "Special tokens", "attention to [SEP] and other special tokens but the first token"),
    Score("punctuation", "Punctuation", "attention to commas, full stops and other punctuation"),
    Score("same", "Same token", "attention to other places of the same token, where there are any"),
    Score(
        "same_other_sentence", "Same token, other sentence",
        "attention to the same token in the other sentence of a pair",
    ),
    Score("positional", "Fixed distance", "how often the strongest look goes to the same distance"),
    Score(
        "induction", "Induction",
        "25 random tokens, four times in a row: attention to what followed the same token earlier",
        of="random tokens",
    ),
    Score(
        "duplicate", "Duplicate token",
        "25 random tokens, four times in a row: attention to the same token earlier",
        of="random tokens",
    ),
    Score(
        "copying", "Copying",
        "how much the head raises the very token it looks at: 1 if that token alone, −0.92 by chance",
        "score", "random tokens",
    ),
    Score("entropy", "Breadth", "entropy: how widely attention is spread", "nats"),
    Score(
        "entropy_rest", "Breadth without the first token",
        "entropy of the attention that does not rest on the first token", "nats",
    ),
    Score("distance", "Distance", "how many tokens back the head looks on average", "tokens"),
    Score(
        "distance_rest", "Distance without the first token",
        "how many tokens back the head looks on average, where it does not rest on the first token", "tokens",
    ),
    Score("variability", "Variability", "how much the picture changes with the words", of="texts"),
    Score("vertical", "Shape: vertical", "texts on which the picture is a few columns", of="texts"),
    Score("diagonal", "Shape: diagonal", "texts on which the picture is a diagonal", of="texts"),
    Score("vertical_diagonal", "Shape: both", "texts on which it is columns and a diagonal", of="texts"),
    Score("block", "Shape: block", "pairs on which each sentence looks at itself", of="texts"),
    Score("heterogeneous", "Shape: mixed", "texts on which it is none of these shapes", of="texts"),
)  # fmt: skip
OFFSETS = tuple(f"offset {offset}" for offset in range(-REACH, REACH + 1))
# What sums are kept of. `positional` and `variability` are told from others at the end.
SUMMED = (*(score.name for score in SCORES if score.name not in ("positional", "variability")), *OFFSETS)


@dataclass(frozen=True, eq=False)
class Sums:
    """What remains of texts once they are scored: of one size, however many they were."""

    # By bin: scores times what they count, and what they count, float64 (2, summed scores, layers, heads).
    bins: Mapping[int, np.ndarray] = field(default_factory=dict)
    texts: int = 0
    tokens: int = 0
    left_out: int = 0
    why_left_out: str = ""  # the first text's reason
    # Of the first few texts, by their index: attention among the first tokens (layers, heads, 10, 10) ...
    starts: Mapping[int, np.ndarray] = field(default_factory=dict)
    # ... and how unlike each two heads are: Jensen-Shannon divergences summed (layers * heads, the same).
    divergence: np.ndarray | None = None
    divergence_rows: int = 0


def summarise(records: Sequence[Attention], indices: Sequence[int]) -> Sums:
    """The sums of a few whole texts. indices: the place of each among all texts."""
    return reduce(
        merge, (_sums(record, index) for record, index in zip(records, indices, strict=True)), Sums()
    )


def merge(one: Sums, other: Sums) -> Sums:
    """The sums of both."""
    bins = dict(one.bins)
    for number, block in other.bins.items():
        bins[number] = bins[number] + block if number in bins else block
    divergences = [sums.divergence for sums in (one, other) if sums.divergence is not None]
    return Sums(
        bins=bins,
        texts=one.texts + other.texts,
        tokens=one.tokens + other.tokens,
        left_out=one.left_out + other.left_out,
        why_left_out=one.why_left_out or other.why_left_out,
        starts={**one.starts, **other.starts},
        divergence=sum(divergences[1:], divergences[0]) if divergences else None,
        divergence_rows=one.divergence_rows + other.divergence_rows,
    )


def _sums(record: Attention, index: int) -> Sums:
    weights = record.weights
    tokens = len(record.queries)
    counts = roles.tokens_scored(record)
    scores: dict[str, tuple[np.ndarray, int | np.ndarray]] = {
        name: (values, counts.get(name, tokens)) for name, values in roles.head_scores(record).items()
    }
    scores.pop("induction", None)  # here it is measured on random tokens, where it means more
    if record.kind != "cross":
        offsets = roles.offset_counts(weights, REACH)
        possible = roles.queries_with_offset(weights, REACH)
        scores |= {
            name: (count / max(there, 1), int(there))
            for name, count, there in zip(OFFSETS, offsets, possible, strict=True)
        }
        scores |= {name: (found.astype(np.float64), 1) for name, found in shapes(record).items()}
    compared = index < _COMPARED_TEXTS
    rows = _compared_rows(weights) if compared else ()
    return Sums(
        bins={index % BINS: counted(scores)},
        texts=1,
        tokens=tokens,
        starts={index: weights[..., :_COMPARED_TOKENS, :_COMPARED_TOKENS].copy()}
        if compared and record.kind != "cross"
        else {},
        divergence=roles.head_distances(weights[:, :, rows]) if compared else None,
        divergence_rows=len(rows),
    )


def counted(scores: Mapping[str, tuple[np.ndarray, int | np.ndarray]]) -> np.ndarray:
    """Scores times what they count, and what they count: float64 (2, summed scores, layers, heads)."""
    shape = next(iter(scores.values()))[0].shape
    block = np.zeros((2, len(SUMMED), *shape))
    for name, (values, count) in scores.items():
        known = np.isfinite(values)
        block[0, SUMMED.index(name)] = np.where(known, values, 0.0) * count
        block[1, SUMMED.index(name)] = known * count
    return block


def _compared_rows(weights: np.ndarray) -> np.ndarray:
    """Some of the queries, evenly spread: comparing each two heads on all of a long text takes too long."""
    layers, heads, queries, keys = weights.shape
    rows = int(np.clip(_COMPARED_NUMBERS // (layers * heads) ** 2 * 2 // keys, 4, queries))
    return np.unique(np.linspace(0, queries - 1, rows).round().astype(int))
