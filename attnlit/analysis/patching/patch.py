"""Heads patched from a source text into a target text, and the other way round.

Between two words the model leans one way after the source and perhaps another way after the target. Heads
that, patched into the target, turn its lean into the source's are *sufficient*; heads that, patched into the
source from the target, take its lean away are *necessary*. A head can be one and not the other (Heimersheim
and Nanda 2024, arXiv 2404.15255). The lean is a difference of logits: a probability saturates (Zhang and
Nanda 2023, arXiv 2309.16042).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from attnlit.analysis.alignment import Pairs, lined_up
from attnlit.analysis.patching.prompts import (
    PromptText,
    check_comparable,
    check_model,
    next_word,
    prompt_texts,
    prompt_tokens,
)
from attnlit.analysis.patching.runs import OUTPUT, PATTERN, WHAT, Heads, Runs, measure
from attnlit.analysis.predict import Progress, log_probabilities
from attnlit.attention.edits import check_editable
from attnlit.attention.given import check_text, checked_head, checked_pairs, is_one_of
from attnlit.attention.values import proof_of
from attnlit.attention.vocabulary import vocabulary_texts
from attnlit.errors import AttnlitError
from attnlit.models.layers import heads_in_order, row_of
from attnlit.wording import InOneLine, number_text, quoted

if TYPE_CHECKING:
    import pandas as pd

    from attnlit.models.model import Model

# A smaller lean of the source over the target is no base for shares: rounding alone would show in them.
LEAST_DIFFERENCE = 1e-3


@dataclass(frozen=True, repr=False)
class Lean(InOneLine):
    """How a model leans between two words after a source text and after a target text."""

    source: str
    target: str
    words: tuple[str, str]
    # What was patched: "pattern" or "output".
    what: str
    # Difference of logits, first word less second; of longer continuations the mean a token.
    in_source: float
    in_target: float
    # Tokens of source and target, and how many of them line up.
    tokens: tuple[int, int]
    aligned: int

    def _said(self) -> str:
        first, second = map(quoted, self.words)
        leans = f"{first} over {second} by {self.in_source:.3g} after the source, {self.in_target:.3g} after"
        return f"{self.what} patched, {leans} the target"

    @property
    def difference(self) -> float:
        """What there is to be carried over: the lean after the source less that after the target."""
        return self.in_source - self.in_target

    def sufficient(self, into_target: float | np.ndarray) -> float | np.ndarray:
        """What share of the difference patching from the source brings: 0 nothing, 1 all; NaN without any."""
        return (into_target - self.in_target) / self._base

    def necessary(self, into_source: float | np.ndarray) -> float | np.ndarray:
        """What share of the difference is lost to patching from the target; NaN without any."""
        return (self.in_source - into_source) / self._base

    @property
    def _base(self) -> float:
        return self.difference if abs(self.difference) >= LEAST_DIFFERENCE else float("nan")


@dataclass(frozen=True, repr=False)
class Patch(Lean):
    """What some heads, patched all at once, carry over."""

    heads: tuple[tuple[int, int], ...]
    into_target: float  # the lean after the target, with these heads of the source
    into_source: float  # the lean after the source, with these heads of the target
    # Of the two words after source, target, target with heads of the source, source with those of the target.
    probabilities: tuple[tuple[float, float], ...]

    def _said(self) -> str:
        carried = f"{number_text(self.sufficiency, '.0%')} brought, {number_text(self.necessity, '.0%')} lost"
        return f"{len(self.heads)} heads, {carried}; {super()._said()}"

    @property
    def sufficiency(self) -> float:
        """The share of the difference that these heads bring to the target."""
        return float(self.sufficient(self.into_target))

    @property
    def necessity(self) -> float:
        """The share of the difference that the source loses without them."""
        return float(self.necessary(self.into_source))


@dataclass(frozen=True, eq=False, repr=False)
class PatchMap(Lean):
    """What each single head carries over."""

    # A row a head: layer, head, into_target, into_source (leans), sufficient, necessary (shares).
    table: pd.DataFrame
    together: Patch  # all heads at once

    def _shown_table(self) -> pd.DataFrame:
        return self.table

    @property
    def shape(self) -> tuple[int, int]:
        """Layers, heads a layer."""
        return self.table["layer"].nunique(), self.table["head"].nunique()


def patch(
    model: Model,
    source: str,
    target: str,
    heads: Sequence[tuple[int, int]],
    what: str = PATTERN,
    *,
    words: tuple[str, str] | None = None,
) -> Patch:
    """What some heads carry from a source text into a target text, and the other way round.

    heads: (layer, head) each, patched all at once. what: "pattern" takes over where they look, on the
    receiving text's own values; "output" takes over what they put out: weights times values.
    words: what may come next, such as ("Mary", "John"); None: the likeliest after the source, and that after
    the target. Patterns need texts with the same number of tokens; outputs are patched where tokens line up.
    Raises AttnlitError for texts or words that cannot be compared, for heads that the model lacks, and for
    models that predict no next or masked word, whose attention cannot be changed, or (outputs) whose heads
    are scaled by a gate or a norm behind attention.
    """
    unique = checked_pairs(heads)
    if not unique:
        raise AttnlitError("No head is named, so nothing can be patched. Name one or more, such as [(5, 1)].")
    question = _question(model, source, target, what, words)
    for layer, head in unique:
        row_of(layer, model.layer_numbers, model.name)
        checked_head(head, model.heads, model.name)
    runs = question.run(lambda layers, heads: [_by_layer(unique)])
    return question.patch(runs, 0, tuple(unique))


def patch_each(
    model: Model,
    source: str,
    target: str,
    what: str = PATTERN,
    *,
    words: tuple[str, str] | None = None,
    progress: Progress | None = None,
) -> PatchMap:
    """The same for each single head of the model, and for all of them at once; see `patch`.

    progress(runs done, runs in all) is called after each forward pass; what it raises ends the work.
    """
    import pandas as pd

    question = _question(model, source, target, what, words)

    each_head = heads_in_order(model.layer_numbers, model.heads)

    def single_and_all(layers: Sequence[int], heads: int) -> list[Heads]:
        every = [(layer, tuple(range(heads))) for layer in layers]
        return [*([(layer, (head,))] for layer, head in each_head), every]

    runs = question.run(single_and_all, progress)
    lean = Lean(**question.lean(runs))
    table = pd.DataFrame(each_head, columns=["layer", "head"])
    leans = _lean(runs.patched)  # (2, patches)
    table["into_target"], table["into_source"] = leans[1, :-1], leans[0, :-1]
    table["sufficient"] = lean.sufficient(leans[1, :-1])
    table["necessary"] = lean.necessary(leans[0, :-1])
    return PatchMap(**vars(lean), table=table, together=question.patch(runs, -1, tuple(each_head)))


@dataclass(frozen=True, eq=False)
class _Question:
    """What the model reads, once everything was found to fit."""

    model: Model
    texts: tuple[list[PromptText], list[PromptText]]
    pairs: Pairs
    # All that is known of the lean before anything runs.
    source: str
    target: str
    words: tuple[str, str]
    what: str
    tokens: tuple[int, int]

    def run(
        self, patches: Callable[[Sequence[int], int], Sequence[Heads]], progress: Progress | None = None
    ) -> Runs:
        return measure(self.model, self.texts, patches, what=self.what, pairs=self.pairs, progress=progress)

    def lean(self, runs: Runs) -> dict[str, Any]:
        """The fields of a `Lean`."""
        names = ("source", "target", "words", "what", "tokens")
        said: dict[str, Any] = {name: getattr(self, name) for name in names}
        in_source, in_target = _lean(runs.scores)
        said["aligned"] = len(self.pairs[0])
        return said | {"in_source": float(in_source), "in_target": float(in_target)}

    def patch(self, runs: Runs, number: int, heads: tuple[tuple[int, int], ...]) -> Patch:
        """What one patch of all that were run carries over."""
        into_source, into_target = _lean(runs.patched[:, number])
        scores = [*runs.scores, runs.patched[1, number], runs.patched[0, number]]
        return Patch(
            **self.lean(runs),
            heads=heads,
            into_target=float(into_target),
            into_source=float(into_source),
            probabilities=tuple((float(one), float(other)) for one, other in np.exp(scores)),
        )


def _question(model: Model, source: str, target: str, what: str, words: tuple[str, str] | None) -> _Question:
    """Raises AttnlitError, in words, for what cannot be asked; see `patch`."""
    if not is_one_of(what, WHAT):
        ways = " or ".join(f"“{each}”" for each in WHAT)
        raise AttnlitError(f"A head's {quoted(str(what))} cannot be patched. Choose {ways}.")
    check_model(model)
    check_editable(model)
    check_text(source, "source")
    check_text(target, "target")
    if what == OUTPUT and proof_of(model).scaled:
        raise AttnlitError(
            f"In {model.name} a gate or a norm scales what heads put out before it is passed on, so the "
            "output of one text does not fit into another. Patch the pattern instead."
        )
    one, other = (prompt_tokens(model, each) for each in (source, target))
    if what == PATTERN and len(one) != len(other):
        raise AttnlitError(
            f"{quoted(source)} has {len(one)} tokens and {quoted(target)} {len(other)}, and a pattern fits "
            "only a text with the same number of tokens. Patch the output, or swap a word for one with as "
            "many pieces."
        )
    if len(one) == len(other):
        check_comparable(model.name, source, one, target, other)
    if words is None:
        words, texts = _guesses(model, source, target)
    elif not isinstance(words, tuple | list) or len(words) != 2:
        raise AttnlitError("Give the two words to choose between, such as (“Mary”, “John”).")
    else:
        texts = (prompt_texts(model, source, words), prompt_texts(model, target, words))
    pairs = lined_up([token.id for token in one], [token.id for token in other])
    return _Question(model, texts, pairs, source, target, words, what, (len(one), len(other)))


def _guesses(
    model: Model, source: str, target: str
) -> tuple[tuple[str, str], tuple[list[PromptText], list[PromptText]]]:
    """The likeliest words after the two texts, and what is read to score them."""
    reads = [next_word(model, each) for each in (source, target)]
    found = [log_probabilities(model, each.inputs, each.places)[0, 0] for each in reads]
    ids = [int(each.argmax()) for each in found]
    if ids[0] == ids[1]:
        word = vocabulary_texts(model.tokenizer, ids[:1])[0]
        raise AttnlitError(
            f"{model.name} finds {quoted(word)} the likeliest word after both texts. Name two words between "
            "which the texts should make a difference."
        )
    one, other = vocabulary_texts(model.tokenizer, ids)
    scored = [replace(each, columns=[0, 1], tokens=[[id_] for id_ in ids]) for each in reads]
    return (one, other), ([scored[0]], [scored[1]])


def _lean(scores: np.ndarray) -> np.ndarray:
    """Difference of logits, first word less second, of log probabilities (..., 2)."""
    return scores[..., 0] - scores[..., 1]


def _by_layer(heads: Sequence[tuple[int, int]]) -> Heads:
    layers = dict.fromkeys(layer for layer, _ in heads)
    return [(layer, tuple(head for other, head in heads if other == layer)) for layer in layers]
