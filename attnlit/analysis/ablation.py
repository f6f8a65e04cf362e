"""What a head is for: what the model predicts with it, and what without it (ablation)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from attnlit.analysis.predict import (
    Question,
    ask,
    in_batches,
    kl_divergence,
    log_probabilities,
)
from attnlit.attention.capture import checked_kind
from attnlit.attention.edits import Edit, HeadsAblated, freeze_patterns
from attnlit.attention.vocabulary import vocabulary_texts
from attnlit.errors import AttnlitError
from attnlit.models.layers import heads_in_order

if TYPE_CHECKING:
    import pandas as pd

    from attnlit.attention.recorder import Recorder
    from attnlit.models.model import Model

HOW = ("zero", "mean", "pattern-preserving")  # the ways to switch a head off


@dataclass(frozen=True, eq=False)
class Effect:
    """What a model predicts before and after an edit, at one place or at several [MASK]s."""

    # A row a word: place (1, 2 ...), token, before, after, change; the likeliest before comes first.
    table: pd.DataFrame
    kl: float  # KL(before || after) in nats, the mean over the places; 0 where nothing changed
    kls: tuple[float, ...]  # the same for each place
    before: np.ndarray  # probabilities of every word of the vocabulary, float64 (places, words)
    after: np.ndarray  # the same, edited
    asked: str  # what is predicted at the first place; see `attnlit.analysis.predict.Question`
    kind: str  # whose heads are off; empty where another edit was made
    off: tuple[tuple[int, int], ...] | None  # (layer, head) of each head that is off; None for another edit


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

    heads: (layer, head) each, of attention of the `kind` (one of `model.kinds`; None is the first).
    how: "zero" makes a head's output 0; "mean" makes it its mean over the text's tokens, which is no change
    where there is one token; "pattern-preserving" makes it 0 while every other head keeps the attention that
    it had, so that only what the head passed on is lost.
    pair: the second sentence; of an encoder-decoder the target so far (None: its first word is asked).
    top: how many words of each sort the table holds: likeliest before and after, risen and fallen most.
    Raises AttnlitError for a text without [MASK] in a masked model, for a model without a trained head for
    words, for heads that the model lacks, and where the attention of a model cannot be changed.
    """
    kind = checked_kind(model, kind)
    check_how(how)
    question = ask(model, text, pair)
    unique = list(dict.fromkeys(heads))
    edits: list[Edit] = [head_off(kind, layer, head, how) for layer, head in unique]
    recorder = _recorder(model) if how == "pattern-preserving" and unique else None
    before = log_probabilities(model, question.inputs, question.places, recorder=recorder)
    kept = [] if recorder is None else freeze_patterns(model, recorder.weights)
    after = log_probabilities(model, question.inputs, question.places, [*kept, *edits])
    return _effect(model, question, before[0], after[0], top, kind, tuple(unique))


def intervene(
    model: Model, text: str, edits: Iterable[Edit], *, pair: str | None = None, top: int = 10
) -> Effect:
    """What the model predicts with and without any edits (`attnlit.attention.edits`); see `switch_off`."""
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
    word that the whole model finds likeliest; all are means over the places if there are several [MASK]s.
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
        divergences += kl_divergence(before, after).mean(-1).tolist()
        of_best = np.take_along_axis(after, np.broadcast_to(best, (len(after), *best.shape[1:])), -1)
        likeliest += np.exp(of_best).mean((1, 2)).tolist()
        if progress is not None:
            progress(len(likeliest), len(heads))
    table = pd.DataFrame(heads, columns=["layer", "head"])
    table["kl"] = divergences
    table["before"] = float(np.exp(before.max(-1)).mean())
    table["after"] = likeliest
    table["change"] = table["after"] - table["before"]
    return table


def check_how(how: str) -> None:
    """Raises AttnlitError for a way to switch a head off that there is not."""
    if how not in HOW:
        ways = " or ".join(f"“{each}”" for each in HOW)
        raise AttnlitError(f"A head cannot be switched off by “{how}”. Choose {ways}.")


def head_off(kind: str, layer: int, head: int, how: str) -> HeadsAblated:
    """The edit that switches one head off; "pattern-preserving" needs the others' patterns frozen besides."""
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

    kls = kl_divergence(before, after)
    before, after = np.exp(before), np.exp(after)
    tables = []
    for place, (old, new) in enumerate(zip(before, after, strict=True), start=1):
        orders = (-old, -new, old - new, new - old)  # likeliest before and after, risen and fallen most
        chosen = np.unique([np.argsort(each, kind="stable")[:top] for each in orders])
        chosen = chosen[np.argsort(-old[chosen], kind="stable")]
        tables.append(
            pd.DataFrame(
                {
                    "place": place,
                    "token": vocabulary_texts(model.tokenizer, chosen),
                    "before": old[chosen],
                    "after": new[chosen],
                    "change": new[chosen] - old[chosen],
                }
            )
        )
    return Effect(
        table=pd.concat(tables, ignore_index=True),
        kl=float(kls.mean()),
        kls=tuple(kls.tolist()),
        before=before,
        after=after,
        asked=question.asked,
        kind=kind,
        off=off,
    )
