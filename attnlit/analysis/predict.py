"""What a model predicts: the word after the text, the one at each [MASK], or a class, with and without edits.

A decoder is asked for the word after the text, a masked model for the word at each [MASK], an
encoder-decoder for the next word of its target, a classifier for the class of the text or of each token.
Edits are those of `attnlit.attention.edits`; nothing is written to the model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from attnlit.attention.edits import Edit
from attnlit.attention.forward import keeps_logits, logits_at
from attnlit.attention.given import check_opened
from attnlit.attention.numbers import to_numpy
from attnlit.attention.reading import read
from attnlit.errors import AttnlitError
from attnlit.models.model import EACH_TOKEN, REGRESSION, SEVERAL_CLASSES

if TYPE_CHECKING:
    from attnlit.attention.recorder import Recorder
    from attnlit.models.model import Model

Progress = Callable[[int, int], None]  # called with (done, in all)
# A forward pass carries as many edited copies of the text as keep its largest tensor below this.
NUMBERS_AT_ONCE = 2_000_000


@dataclass(frozen=True)
class Question:
    """A text as the model takes it, and where in its logits the asked words are predicted."""

    inputs: dict[str, list[int]]
    places: list[int]  # rows of the logits
    asked: str  # what is predicted there: "next word", "next target word", "word at [MASK]", "class" ...
    tokens: tuple[str, ...] = ()  # those whose classes are predicted, where each token has its own


def ask(model: Model, text: str, pair: str | None) -> Question:
    """Where the model predicts a word or a class for this text. Raises AttnlitError where it does not."""
    check_opened(model)
    if model.classes:
        return _ask_classes(model, text, pair)
    check_predicts(model)
    reading = read(model, text, pair, write=False)
    inputs = reading.inputs
    asked = "next word" if reading.target is None else "next target word"
    if model.masked:
        mask = model.mask_token
        places = [token.position for token in reading.asked.tokens if token.id == model.mask_id]
        if not places:
            raise AttnlitError(
                f"{model.name} guesses words that are left out. Put {mask} into the text where it should, as "
                f"in “The cat sat on the {mask}.”"
            )
        which = mask if len(places) == 1 else f"the first {mask}"
        return Question(inputs, places, f"word at {which}")
    if not model.causal:
        raise AttnlitError(f"{model.name} does not write from left to right, so it predicts no next word.")
    # Some tokenizers put an end mark after the text: what follows that mark is not worth asking.
    return Question(inputs, [reading.end - 1], asked)


def _ask_classes(model: Model, text: str, pair: str | None) -> Question:
    reading = read(model, text, pair, write=False)
    if model.problem_type != EACH_TOKEN:
        return Question(reading.inputs, [0], "number" if model.problem_type == REGRESSION else "class")
    words = [token for token in reading.source.tokens if not token.special]
    if not words:
        raise AttnlitError(f"{model.name} classifies each token, but this text has only special tokens.")
    places = [token.position for token in words]
    return Question(reading.inputs, places, "class", tuple(token.text for token in words))


def check_predicts(model: Model) -> None:
    """Raises AttnlitError for a model without a trained head for words."""
    check_opened(model)
    if model.predicts:
        return
    why = "predicts classes and no words" if model.classes else "has no trained head for words"
    raise AttnlitError(
        f"{model.name} {why}, so there is no word to ask it for. Choose a model that predicts words, such as "
        "“mini-gpt2” or “mini-bert”."
    )


def log_probabilities(
    model: Model,
    inputs: dict[str, list[int]],
    places: Sequence[int],
    edits: Iterable[Edit] = (),
    rows: int = 1,
    recorder: Recorder | None = None,
) -> np.ndarray:
    """Of every word of the vocabulary at some rows of the logits: float64 (rows, places, words).

    A classifier's words are its classes. Where each of them is judged for itself, their probabilities do not
    add up to 1; a regression has none, and what is returned of it are its numbers, see `values`. The other
    arguments are those of `attnlit.attention.forward.forward`. Raises AttnlitError for a model whose logits
    are not finite.
    """
    logits = logits_at(model, [inputs] * rows, places, recorder, edits).double()  # (rows, places, words)
    if model.problem_type == SEVERAL_CLASSES:
        logits = -logits.new_zeros(()).logaddexp(-logits)  # the logarithm of the logistic function
    elif model.problem_type != REGRESSION:
        logits = logits.log_softmax(-1)
    found = to_numpy(logits)
    if np.isnan(found).any():
        raise AttnlitError(
            f"{model.name} answers this text with numbers that are not finite, so it predicts nothing. Its "
            "weights may be damaged: load it again, or choose another model."
        )
    return found


def in_batches(
    model: Model,
    inputs: dict[str, list[int]],
    places: Sequence[int],
    variants: Sequence[Sequence[Edit]],
    weights: Mapping[str, np.ndarray],
    *,
    always: Sequence[Edit] = (),
) -> Iterator[np.ndarray]:
    """What the model predicts for one text under each of many sets of edits, several in one forward pass.

    inputs: as `attnlit.attention.forward.forward` takes them. places: rows of the logits. variants: the edits
    of each copy of the text; `always` are made in every copy. weights: the text's recorded attention by kind,
    from which follows how many copies fit into a pass. Yields, pass by pass and in order, the log
    probabilities of every word of the vocabulary: float64 (copies, places, words).
    """
    together = _copies_at_once(model, weights, len(places))
    for start in range(0, len(variants), together):
        batch = variants[start : start + together]
        edits = [replace(edit, row=row) for row, variant in enumerate(batch) for edit in variant]
        yield log_probabilities(model, inputs, places, [*always, *edits], len(batch))


def _copies_at_once(model: Model, weights: Mapping[str, np.ndarray], places: int) -> int:
    """How many copies of the text one forward pass carries: as many as its memory allows."""
    if model.capture_route == "trace":
        return 1
    longest = max(matrices.shape[2] for matrices in weights.values())
    logits = (places if keeps_logits(model) else longest) * model.vocabulary_size
    heads = max(matrices.shape[1] for matrices in weights.values())
    inner = longest * heads * max(model.head_size, 64) * 4  # of a layer's MLP, mostly
    return max(1, NUMBERS_AT_ONCE // max(logits, inner, *(matrices[0].size for matrices in weights.values())))


def values(model: Model, logs: np.ndarray) -> np.ndarray:
    """The probabilities of `log_probabilities`; of a regression its numbers, as they are."""
    return logs if model.problem_type == REGRESSION else np.exp(logs)


def divergence(model: Model, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """KL(before || after) in nats, of what `log_probabilities` returned: float64 (...) of (..., words).

    Classes that are each judged for themselves are as many independent questions, whose divergences add up.
    NaN for a regression, which has no probabilities.
    """
    if model.problem_type == REGRESSION:
        return np.full(np.broadcast_shapes(before.shape, after.shape)[:-1], np.nan)
    if model.problem_type != SEVERAL_CLASSES:
        return kl_divergence(before, after)
    with np.errstate(divide="ignore"):
        old, new = (np.stack([each, np.log1p(-np.exp(each))], -1) for each in (before, after))
    return kl_divergence(old, new).sum(-1)


def kl_divergence(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """KL(before || after) in nats, of log probabilities (..., words): float64 (...), never below 0.

    What is lost, in expected log probability, by who believes `after` where `before` is true.
    """
    with np.errstate(invalid="ignore"):  # a model may rule words out, and 0 * log 0 is 0
        terms = np.where(np.isneginf(before), 0.0, np.exp(before) * (before - after))
    return np.maximum(terms.sum(-1), 0.0)
