"""Idle, constant or working: what a head that rests on the first token, or on an added one, does.

Its weights cannot tell. It may be idle, because the token that it looks at has a short value (Gu et al. 2024,
arXiv 2410.10781); it may bring the same vector from there to every token, and so act as a bias; or it may
work with the little that it spends elsewhere. So it is measured: what it passes on, and what the model loses
when the head puts out nothing, and when it puts out its mean.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from attnlit.analysis.everywhere import all_at_once, divergences
from attnlit.analysis.sample import SAMPLE, Text
from attnlit.analysis.statistics import interval
from attnlit.attention.capture import attend, checked_kind
from attnlit.attention.edits import HeadsAblated
from attnlit.attention.values import passed_on

if TYPE_CHECKING:
    from attnlit.attention.record import Attention
    from attnlit.models.model import Model

# From this many nats on a change matters. By Pinsker's inequality, a mean divergence below it means that no
# set of words gains or loses more than 10 points of probability on average: sqrt(0.02 / 2) = 0.1.
MATTERS = 0.02
TEXTS: tuple[Text, ...] = SAMPLE[:12]

IDLE, CONSTANT, WORKING = "idle", "constant", "working"


@dataclass(frozen=True)
class Lost:
    """What is lost, in nats a predicted word, with its 95 % bootstrap interval over texts."""

    kl: float
    lower: float
    upper: float

    @property
    def matters(self) -> bool:
        return self.kl > MATTERS

    @property
    def sure(self) -> bool:
        """Whether the whole interval lies on the same side of what matters."""
        return self.lower > MATTERS or self.upper <= MATTERS


@dataclass(frozen=True)
class Resting:
    """What a head does that rests on the first token or on added ones, its resting places."""

    kind: str
    layer: int
    head: int
    # The share of its attention that goes to the resting places, of all tokens that have others to look at.
    weights: float
    norms: float  # the same share of what it passes on
    resting_value: float  # how long what it would bring from there is, in the median of the texts
    other_value: float  # the same of the other tokens
    zero: Lost  # without it
    mean: Lost  # with its mean over the text's tokens in its place
    texts: int
    words: int  # predicted in all

    @property
    def verdict(self) -> str:
        """IDLE: nothing that matters is lost without it. CONSTANT: what is lost comes back with its mean.

        WORKING: not even then.
        """
        if not self.zero.matters:
            return IDLE
        return WORKING if self.mean.matters else CONSTANT

    @property
    def sure(self) -> bool:
        """Whether other texts like these would tell the same, as far as they can be judged."""
        return self.zero.sure and (self.verdict == IDLE or self.mean.sure)


def resting_heads(
    model: Model,
    heads: Sequence[tuple[int, int]],
    texts: Sequence[Text] = TEXTS,
    *,
    kind: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Resting]:
    """What some heads do, over several texts; meant for heads that rest on the first or on added tokens.

    heads: (layer, head) each, of the `kind`. The model predicts each next word, or every seventh, masked.
    progress(texts done, texts in all) is called after each text; what it raises ends the work. Raises
    AttnlitError for a model that predicts no words, whose values are not known, or that cannot be changed.
    """
    kind = checked_kind(model, kind)
    off = [
        [HeadsAblated(kind=kind, layer=layer, heads=(head,), mean=mean)]
        for mean in (False, True)
        for layer, head in heads
    ]
    kls, shares, words = [], [], 0
    for number, (text, pair) in enumerate(texts, start=1):
        lost = divergences(model, all_at_once(model, text, pair), off)  # (2 * heads, places)
        kls.append(lost.mean(1))
        words += lost.shape[1]
        attention, norms = attend(model, text, pair, kind), passed_on(model, text, pair, kind)
        shares.append([_shares(attention, norms, layer, head) for layer, head in heads])
        if progress is not None:
            progress(number, len(texts))
    each = np.array(kls).reshape(len(texts), 2, len(heads))
    lower, upper = interval(each, np.random.default_rng(0))
    bounds = np.stack([each.mean(0), lower, upper], axis=-1).tolist()  # (2, heads, 3)
    found = np.array(shares)  # (texts, heads, 4)
    means, medians = found[..., :2].mean(0).tolist(), _medians(found[..., 2:]).tolist()
    return [
        Resting(
            kind=kind,
            layer=layer,
            head=head,
            weights=means[place][0],
            norms=means[place][1],
            resting_value=medians[place][0],
            other_value=medians[place][1],
            zero=Lost(*bounds[0][place]),
            mean=Lost(*bounds[1][place]),
            texts=len(texts),
            words=words,
        )
        for place, (layer, head) in enumerate(heads)
    ]


def _medians(values: np.ndarray) -> np.ndarray:
    """Of the first axis, NaN where nothing is known."""
    known = np.isfinite(values).any(0)
    return np.where(known, np.nanmedian(np.where(known, values, 0.0), 0), np.nan)


def _shares(attention: Attention, norms: Attention, layer: int, head: int) -> tuple[float, ...]:
    """(share of attention on resting places, share of norms, length of their values, of the others')."""
    resting = np.array([token.special or token.position == 0 for token in attention.keys])
    rows = slice(1, None) if attention.causal and len(attention.queries) > 1 else slice(None)
    at = (attention.row(layer, head), head)
    weights, lengths = attention.weights[at][rows], norms.weights[at][rows]
    with np.errstate(invalid="ignore"):
        share, share_of_norms = (each[:, resting].sum() / each.sum() for each in (weights, lengths))
    looked_at = weights.sum(0) > 0  # what no token looks at shows no value
    values = lengths.sum(0)[looked_at] / weights.sum(0)[looked_at]
    there = resting[looked_at]
    medians = (float(np.median(values[part])) if part.any() else np.nan for part in (there, ~there))
    return float(share), float(share_of_norms), *medians
