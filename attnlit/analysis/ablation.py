"""What a head is for: what the model predicts with it, and what without it (ablation)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from attnlit.analysis.predict import (
    Question,
    ask,
    divergence,
    in_batches,
    log_probabilities,
    values,
)
from attnlit.attention.capture import checked_kind
from attnlit.attention.edits import Edit, HeadsAblated, freeze_patterns
from attnlit.attention.given import checked_number, checked_pairs, is_one_of
from attnlit.attention.vocabulary import vocabulary_texts
from attnlit.errors import AttnlitError
from attnlit.models.layers import heads_in_order
from attnlit.wording import InOneLine, one_line, quoted

if TYPE_CHECKING:
    import pandas as pd

    from attnlit.attention.recorder import Recorder
    from attnlit.models.model import Model

HOW = ("zero", "mean", "pattern-preserving")  # the ways to switch a head off


@dataclass(frozen=True, eq=False, repr=False)
class Effect(InOneLine):
    """What a model predicts before and after an edit, at one place, at several [MASK]s, or of each token."""

    # A row a word: place (1, 2 ...), token, before, after, change; the likeliest before comes first. Of a
    # classifier a row a class: its name is in “class”, and “token”, if any, is what it is predicted of.
    table: pd.DataFrame
    # KL(before || after) in nats, the mean over the places; 0 where nothing changed. NaN of a regression.
    kl: float
    kls: tuple[float, ...]  # the same for each place
    # Probabilities of every word of the vocabulary, or of every class, float64 (places, words); of a
    # regression its numbers.
    before: np.ndarray
    after: np.ndarray  # the same, edited
    asked: str  # what is predicted at the first place; see `attnlit.analysis.predict.Question`
    kind: str  # whose heads are off; empty where another edit was made
    off: tuple[tuple[int, int], ...] | None  # (layer, head) of each head that is off; None for another edit
    problem_type: str = ""  # the model's, if it is a classifier
    tokens: tuple[str, ...] = ()  # of each place, where it is a token whose class is predicted

    def _said(self) -> str:
        heads = ", ".join(f"{layer}-{head}" for layer, head in self.off or ())
        edit = "an edit" if self.off is None else f"{one_line(heads, 80) or 'no head'} off"
        return f"{self.asked} with {edit}" + (f", KL {self.kl:.3g} nats" if isfinite(self.kl) else "")

    def _shown_table(self) -> pd.DataFrame:
        return self.table


def switch_off(
    model: Model,
    text: str,
    heads: Sequence[tuple[int, int]],
    *,
    pair: str | None = None,
    how: str = "zero",
    kind: str | None = None,
    top: int = 10,
) -> Effect:
    """What the model predicts with and without some heads.

    heads: (layer, head) pairs. kind: of their attention, one of `model.kinds`; None is the first.
    how: "zero" makes a head's output 0; "mean" makes it its mean over the text's tokens, which changes
    nothing for a single token; "pattern-preserving" makes it 0 while every other head keeps the attention
    that it had, so that only what the head passed on is lost.
    pair: the second sentence; of an encoder-decoder the target so far (None: its first word is asked).
    top: how many words of each sort the table holds: likeliest before and after, risen and fallen most.
    A classifier is asked for the class of the text, or of each token; see
    `attnlit.analysis.classify.classify`.
    Raises AttnlitError for a text without [MASK] in a masked model, for a model without a trained head for
    words or classes, for heads that the model lacks, and where the attention of a model cannot be changed.
    """
    kind = checked_kind(model, kind)
    check_how(how)
    top = checked_number(top, "top", 1)
    question = ask(model, text, pair)
    unique = checked_pairs(heads)
    edits: list[Edit] = [head_off(kind, layer, head, how) for layer, head in unique]
    recorder = _recorder(model) if how == "pattern-preserving" and unique else None
    before = log_probabilities(model, question.inputs, question.places, recorder=recorder)
    kept = [] if recorder is None else freeze_patterns(model, recorder.weights)
    after = log_probabilities(model, question.inputs, question.places, [*kept, *edits])
    return _effect(model, question, before[0], after[0], top, kind, tuple(unique))


def intervene(
    model: Model, text: str, edits: Iterable[Edit], *, pair: str | None = None, top: int = 10
) -> Effect:
    """What the model predicts with and without any edits of its attention.

    edits: of `attnlit.attention.edits`, such as `AttentionKnockout`, all made in one pass. pair, top, what is
    asked of the model, and the errors: as in `attnlit.switch_off`.
    """
    top = checked_number(top, "top", 1)
    question = ask(model, text, pair)
    before = log_probabilities(model, question.inputs, question.places)
    after = log_probabilities(model, question.inputs, question.places, edits)
    return _effect(model, question, before[0], after[0], top)


def switch_off_each(
    model: Model,
    text: str,
    *,
    pair: str | None = None,
    how: str = "zero",
    kind: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """What is lost without each single head of one kind; see `switch_off` for the arguments and the errors.

    One row a head: `layer`, `head`, `kl` (nats), and `before`, `after` and `change` of the probability of the
    word or class that the whole model finds likeliest; all are means over the places if there are several.
    Of a regression they are of its largest number, and `kl` is NaN.
    progress(heads done, heads in all) is called after each forward pass; what it raises ends the work.
    """
    import pandas as pd

    kind = checked_kind(model, kind)
    check_how(how)
    question = ask(model, text, pair)
    recorder = _recorder(model)
    # (1, places, words)
    before = log_probabilities(model, question.inputs, question.places, recorder=recorder)
    best = before.argmax(-1, keepdims=True)  # (1, places, 1)
    weights = recorder.weights
    kept = freeze_patterns(model, weights) if how == "pattern-preserving" else []
    heads = heads_in_order(model.numbers_by_kind[kind], model.heads_of(kind))
    each_off = [[head_off(kind, layer, head, how)] for layer, head in heads]
    divergences, likeliest = [], []
    for after in in_batches(model, question.inputs, question.places, each_off, weights, always=kept):
        divergences += divergence(model, before, after).mean(-1).tolist()
        of_best = np.take_along_axis(after, np.broadcast_to(best, (len(after), *best.shape[1:])), -1)
        likeliest += values(model, of_best).mean((1, 2)).tolist()
        if progress is not None:
            progress(len(likeliest), len(heads))
    table = pd.DataFrame(heads, columns=["layer", "head"])
    table["kl"] = divergences
    table["before"] = float(values(model, before.max(-1)).mean())
    table["after"] = likeliest
    table["change"] = table["after"] - table["before"]
    return table


def check_how(how: str) -> None:
    """Raises AttnlitError for a way to switch a head off that does not exist."""
    if not is_one_of(how, HOW):
        ways = " or ".join(f"“{each}”" for each in HOW)
        raise AttnlitError(f"A head cannot be switched off by {quoted(str(how))}. Choose {ways}.")


def head_off(kind: str, layer: int, head: int, how: str) -> HeadsAblated:
    """The edit that switches one head off; "pattern-preserving" also needs the others' patterns frozen."""
    return HeadsAblated(kind=kind, layer=layer, heads=(head,), mean=how == "mean")


def _recorder(model: Model) -> Recorder:
    from attnlit.attention.recorder import Recorder  # imports torch

    return Recorder(model.sites)


def _effect(
    model: Model,
    question: Question,
    before: np.ndarray,
    after: np.ndarray,
    top: int,
    kind: str = "",
    off: tuple[tuple[int, int], ...] | None = None,
) -> Effect:
    """The effect, from log probabilities (places, words)."""
    import pandas as pd

    kls = divergence(model, before, after)
    before, after = values(model, before), values(model, after)
    outcome = "class" if model.classes else "token"
    names = model.class_names if model.classes else partial(vocabulary_texts, model.tokenizer)
    tables = []
    for place, (old, new) in enumerate(zip(before, after, strict=True)):
        orders = (-old, -new, old - new, new - old)  # likeliest before and after, risen and fallen most
        chosen = np.unique([np.argsort(each, kind="stable")[:top] for each in orders])
        chosen = chosen[np.argsort(-old[chosen], kind="stable")]
        columns = {
            "place": place + 1,
            **({"token": question.tokens[place]} if question.tokens else {}),
            outcome: names(chosen),
            "before": old[chosen],
            "after": new[chosen],
            "change": new[chosen] - old[chosen],
        }
        tables.append(pd.DataFrame(columns))
    return Effect(
        table=pd.concat(tables, ignore_index=True),
        kl=float(kls.mean()),
        kls=tuple(kls.tolist()),
        before=before,
        after=after,
        asked=question.asked,
        kind=kind,
        off=off,
        problem_type=model.problem_type,
        tokens=question.tokens,
    )
