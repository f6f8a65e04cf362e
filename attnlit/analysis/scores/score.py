"""What a score of a head is, and the role that it names; every one stands in `registry`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from attnlit.analysis.scores.evidence import Evidence

RANDOM, IN_ORDER = "random tokens", "words of a series"  # what a survey measures on without a text


@dataclass(frozen=True)
class Unit:
    """What a score is measured in, and how it is shown."""

    name: str  # "share", "nats", "tokens" or "score"
    form: str  # how it is written on a map, as in d3
    limits: tuple[float, float] | None = None  # of the map's colours; None: as the values are


SHARE = Unit("share", ".0%", (0.0, 1.0))
SIGNED = Unit("score", ".2f", (-1.0, 1.0))
NATS = Unit("nats", ".2f")
TOKENS = Unit("tokens", ".1f")


@dataclass(frozen=True)
class Role:
    """What a head is called whose score reaches `least`."""

    name: str
    least: float
    job: str  # finishes "62% of its attention goes to ..."
    source: str = "ours, without a source"  # of the threshold
    where: str = ""  # which tokens' attention that is, where it is not every token's
    on_one_text: bool = True  # whether one text can tell it
    # A head's roles of a lower rank come first; one above 0 says little of what the head looks for.
    rank: int = 0


def _always(evidence: Evidence) -> bool:
    return True


def _queries(evidence: Evidence) -> int:
    return evidence.queries


@dataclass(frozen=True)
class Score:
    """One score of a head: a mean over what it counts."""

    name: str
    title: str
    about: str  # one line: what is measured
    # The mean on one text, float (L, H), NaN where nothing is to be scored; with `offsets`, (offsets, L, H).
    compute: Callable[[Evidence], np.ndarray] | None
    unit: Unit = SHARE
    # What is counted and averaged over: "tokens" or "texts" of what somebody wrote, or RANDOM, or IN_ORDER.
    over: str = "tokens"
    applies: Callable[[Evidence], bool] = _always
    # Of how many tokens or texts `compute` is the mean: a number, or one for each head or offset.
    count: Callable[[Evidence], int | np.ndarray] = _queries
    role: Role | None = None
    on_one_text: bool = True  # whether `head_roles` gives it
    # Of a score that is kept for several offsets; a head's score is that of its most frequent one.
    offsets: Sequence[int] = field(default=())
    # Of a score that compares texts, instead of `compute`: from the weights among their first tokens.
    across: Callable[[Sequence[np.ndarray]], np.ndarray] | None = None

    @property
    def of_texts(self) -> bool:
        """Whether it is measured on texts that somebody wrote."""
        return self.over not in (RANDOM, IN_ORDER)
