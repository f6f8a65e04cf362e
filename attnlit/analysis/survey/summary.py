"""What comes of a survey's sums: every head's scores, their intervals, and the roles that can be claimed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from attnlit.analysis.scores import BY_NAME, SCORES, Score
from attnlit.analysis.scores.positions import most_frequent
from attnlit.analysis.statistics import interval
from attnlit.analysis.survey.lists import Examples, ranked_lists
from attnlit.analysis.survey.sums import EXACT, MOST_COMPARED_HEADS, ROWS, Sums, merge
from attnlit.errors import AttnlitError
from attnlit.models.layers import heads_in_order, row_of
from attnlit.wording import InOneLine, one_line

if TYPE_CHECKING:
    import pandas as pd

FEWEST_TEXTS = 10  # with fewer no role is claimed
_SEED = 0


@dataclass(frozen=True, eq=False)
class Partial:
    """What one part of a survey has read. Parts can be made anywhere and finished in any order."""

    model: str
    kind: str
    layer_numbers: tuple[int, ...]  # in the model, of the layers with attention
    trained: Sums = field(default_factory=Sums)
    untrained: Sums | None = None
    why_no_untrained: str = ""


@dataclass(frozen=True, eq=False, repr=False)
class Survey(InOneLine):
    """The scores of every head, (L, H) each, by the names of SCORES. NaN: nothing to score."""

    model: str
    kind: str
    layer_numbers: tuple[int, ...]  # in the model, of the layers that the arrays hold
    texts: int
    left_out: int  # texts with fewer tokens than FEWEST_TOKENS, or more than the model takes
    tokens: int
    values: Mapping[str, np.ndarray]
    lower: Mapping[str, np.ndarray]  # bounds of the 95 % bootstrap interval over texts; NaN for one text
    upper: Mapping[str, np.ndarray]
    counts: Mapping[str, np.ndarray]  # of what the score is a mean: tokens, random tokens or texts
    units: Mapping[str, int]  # texts or random sequences that were drawn anew for the interval
    offset: np.ndarray  # the fixed distance of `positional`, negative for looking back
    # Mean Jensen-Shannon divergence of two heads' rows, in nats: (L · H, L · H).
    divergence: np.ndarray | None
    why_no_divergence: str
    untrained: Mapping[str, np.ndarray]  # values of the model before training; empty if it could not be made
    why_no_untrained: str
    # Which heads have the role of each score, bool: the score reaches its threshold, its whole interval lies
    # above the untrained model's best head, and it rests on FEWEST_TEXTS texts or random sequences or more.
    claimed: Mapping[str, np.ndarray]
    # The texts that excite each head, and any; see `attnlit.analysis.survey.lists`.
    examples: Examples

    def _said(self) -> str:
        layers, heads = self.offset.shape
        read = f"{self.texts:,} texts, {self.tokens:,} tokens"
        return f"{one_line(self.model)}, {self.kind}, {layers} layers × {heads} heads, {read}"

    def at(self, layer: int, head: int) -> tuple[int, int]:
        """Where in the arrays a head stands: its layer by the number in the model."""
        return row_of(layer, self.layer_numbers, self.model), head

    @property
    def heads(self) -> list[tuple[int, int]]:
        """(layer, head) of every head, in the order of the arrays."""
        return heads_in_order(self.layer_numbers, self.offset.shape[1])


def finish(partials: Iterable[Partial]) -> Survey:
    """The survey that the parts of `partial` and `controls` make together; their order changes no byte.

    Pure: it needs no model. Raises AttnlitError where no text could be scored.
    """
    whole = reduce(together, partials)
    check_scored(whole.trained)
    return _survey(whole)


def together(one: Partial, other: Partial) -> Partial:
    """One part of two; in whatever order parts are put together, every byte is the same."""
    if (one.model, one.kind) != (other.model, other.kind):
        raise ValueError("the parts of a survey are all of one model and of one kind of attention")
    before = [part.untrained for part in (one, other) if part.untrained is not None]
    return Partial(
        one.model,
        one.kind,
        one.layer_numbers,
        merge(one.trained, other.trained),
        reduce(merge, before) if before else None,
        max(one.why_no_untrained, other.why_no_untrained),
    )


def check_scored(sums: Sums) -> None:
    """Raises AttnlitError where all texts were left out, with the reason for the first."""
    if not sums.texts:
        raise AttnlitError(next(iter(sums.why_left_out.values()), "There is no text to score. Give one."))


def _survey(whole: Partial) -> Survey:
    sums = whole.trained
    assert sums.examples is not None  # texts that are scored are also looked through for examples
    values, offset = _values(sums)
    before = {} if whole.untrained is None or not whole.untrained.bins else _values(whole.untrained)[0]
    random = np.random.default_rng(_SEED)
    bases = {name: _basis(sums, BY_NAME[name], offset, random) for name in values}
    lower = {name: basis.lower for name, basis in bases.items()}
    units = {name: basis.units for name, basis in bases.items()}
    return Survey(
        model=whole.model,
        kind=whole.kind,
        layer_numbers=whole.layer_numbers,
        texts=sums.texts,
        left_out=sums.left_out,
        tokens=sums.tokens,
        values=values,
        lower=lower,
        upper={name: basis.upper for name, basis in bases.items()},
        counts={name: basis.counts for name, basis in bases.items()},
        units=units,
        offset=offset,
        divergence=None if sums.divergence is None else sums.divergence / EXACT / sums.divergence_rows,
        why_no_divergence=_why_no_divergence(sums, offset.size),
        untrained=before,
        why_no_untrained=whole.why_no_untrained,
        claimed=claims(values, lower, units, before),
        examples=ranked_lists(sums.examples, whole.layer_numbers),
    )


def _values(sums: Sums) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """(scores that apply, by name; the offset of `positional`): (L, H) each."""
    block = sum(sums.bins.values())
    assert isinstance(block, np.ndarray)
    positional = BY_NAME["positional"]
    best = most_frequent(block[0, ROWS[positional.name]])  # (L, H)
    offset = np.array(positional.offsets)[best]
    found = {}
    for score in SCORES:
        if score.across is None:
            added, counted = _picked(block, score, offset)
            found[score.name] = np.divide(
                added / EXACT, counted, out=np.full(added.shape, np.nan), where=counted > 0
            )
        elif sums.starts:
            found[score.name] = score.across([sums.starts[index] for index in sorted(sums.starts)])
    return {name: value for name, value in found.items() if np.isfinite(value).any()}, offset


def _picked(blocks: np.ndarray, score: Score, offset: np.ndarray) -> np.ndarray:
    """Of blocks of sums (..., rows, L, H) those of one score, at each head's own offset: (..., L, H)."""
    rows = blocks[..., ROWS[score.name], :, :]
    if not score.offsets:
        return rows[..., 0, :, :]
    place = np.searchsorted(score.offsets, offset)  # (L, H)
    return np.take_along_axis(rows, place.reshape((1,) * (rows.ndim - 2) + place.shape), -3)[..., 0, :, :]


class _Basis(NamedTuple):
    """What one score rests on; see `Survey`."""

    lower: np.ndarray
    upper: np.ndarray
    counts: np.ndarray
    units: int


def _basis(sums: Sums, score: Score, offset: np.ndarray, random: np.random.Generator) -> _Basis:
    nothing = np.full(offset.shape, np.nan)
    if score.across is not None:
        return _Basis(nothing, nothing, np.full(offset.shape, len(sums.starts)), len(sums.starts))
    blocks = np.stack([_picked(sums.bins[number], score, offset) for number in sorted(sums.bins)])
    added, counted = blocks.swapaxes(0, 1)  # (bins, L, H) each
    used = counted.any((1, 2))
    counts, units = counted.sum(0), int(used.sum())
    if units < 2:
        return _Basis(nothing, nothing, counts, units)
    means = np.divide(added / EXACT, counted, out=np.full(added.shape, np.nan), where=counted > 0)[used]
    return _Basis(*interval(means, random, weights=counted[used]), counts, units)


def _why_no_divergence(sums: Sums, heads: int) -> str:
    if sums.divergence is not None:
        return ""
    if heads > MOST_COMPARED_HEADS:
        return (
            f"The map of heads compares each head with each, and this model has {heads:,}: beyond "
            f"{MOST_COMPARED_HEADS:,} that takes too much memory."
        )
    return "There is no map of heads: the first texts could not be read."


def claims(
    values: Mapping[str, np.ndarray],
    lower: Mapping[str, np.ndarray],
    units: Mapping[str, int],
    untrained: Mapping[str, np.ndarray],
) -> dict[str, np.ndarray]:
    """Which heads have the role of each score: bool (L, H) by the score's name; see `Survey.claimed`."""
    found = {}
    for name in values:
        role = BY_NAME[name].role
        found[name] = np.zeros(values[name].shape, bool)
        if role is not None and name in untrained and units[name] >= FEWEST_TEXTS:
            found[name] = (values[name] >= role.least) & (lower[name] > np.nanmax(untrained[name]))
    return found


def roles_of(survey: Survey, layer: int, head: int) -> list[Score]:
    """The scores whose role a head has, the one that exceeds its threshold most first.

    Looking at itself and resting on the first token come last: they say least about a head, and many heads
    do them besides what they look for.
    """

    def rank(score: Score) -> tuple[int, float]:
        assert score.role is not None
        return score.role.rank, -nearness(survey, score, layer, head)

    has = [BY_NAME[name] for name, heads in survey.claimed.items() if heads[survey.at(layer, head)]]
    return sorted(has, key=rank)


def nearness(survey: Survey, score: Score, layer: int, head: int) -> float:
    """How many times the threshold of its role a head's score is."""
    assert score.role is not None
    return (
        float(np.nan_to_num(survey.values[score.name][survey.at(layer, head)], nan=-np.inf))
        / score.role.least
    )


def table(survey: Survey, score: str) -> pd.DataFrame:
    """One row a head, best first: layer, head, role; a score, what it rests on, untrained; the others."""
    import pandas as pd

    layers, heads = np.array(survey.heads).T
    columns: dict[str, Any] = {
        "layer": layers,
        "head": heads,
        score: survey.values[score],
        "lower": survey.lower[score],
        "upper": survey.upper[score],
        "untrained": survey.untrained.get(score, np.full(survey.offset.shape, np.nan)),
        "count": survey.counts[score],
        **{name: values for name, values in survey.values.items() if name != score},
        "fixed_distance": survey.offset,
    }
    found = pd.DataFrame({name: values.ravel() for name, values in columns.items()})
    named = [
        ", ".join(each.role.name for each in roles_of(survey, layer, head) if each.role)
        for layer, head in survey.heads
    ]
    found.insert(2, "role", named)
    return found.sort_values(score, ascending=False, ignore_index=True)
