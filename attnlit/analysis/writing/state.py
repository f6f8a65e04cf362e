"""The last state of one token, taken apart into what wrote it: the sum from which a word is predicted."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from attnlit.analysis.predict import check_predicts
from attnlit.analysis.writing.parts import Part
from attnlit.analysis.writing.vocabulary import unembedded
from attnlit.attention.forward import forward
from attnlit.attention.given import checked_token
from attnlit.attention.numbers import to_numpy
from attnlit.attention.reading import Reading, read
from attnlit.attention.values import prove_values
from attnlit.errors import AttnlitError
from attnlit.models.layers import is_whole

if TYPE_CHECKING:
    from torch import Tensor

    from attnlit.analysis.writing.path import Call, Path
    from attnlit.models.model import Model

# Of sums of as many float32 numbers as a state is wide and a model deep, relative to the sizes summed.
TOLERANCE = 1e-5
LAST = -1  # the last token, or a masked model's first [MASK]
_FLOAT32_BYTES = 4
_NUMBER = re.compile(r"\.(\d+)\.")


@dataclass(frozen=True, eq=False)
class State:
    """The last state of one token as a sum of parts. P parts, D width, V words of the vocabulary.

    All vectors are as they enter the unembedding: past the last norm, with the scale that it had.
    """

    model: Model
    reading: Reading
    position: int  # of the token after which the word is predicted
    parts: tuple[Part, ...]
    vectors: np.ndarray  # float64 (P, D): their sum is `entered`
    entered: np.ndarray  # float64 (D,)
    scores: np.ndarray  # float64 (V,): `entered` times the unembedding, with its bias
    bias: np.ndarray  # float64 (V,): of the unembedding; zeros where it has none
    logits: np.ndarray  # float64 (V,): what the model makes of `scores`
    # The logits are `factor * scores`, bent by `cap * tanh(... / cap)` where a cap is given.
    factor: float
    cap: float | None
    calls: dict[tuple[str, int], Call] = field(repr=False)
    # The state after each addition, with the model's number of the layer that added; see `path.Expanded`.
    spine: tuple[tuple[int | None, Tensor], ...] = field(repr=False)
    last: Path = field(repr=False)  # from the last sum to the unembedding


def take_apart(model: Model, text: str, pair: str | None = None, position: int = LAST) -> State:
    """The state after one token of a text, from which the model predicts the next word, as a sum of parts.

    position: of the token, in the text or in an encoder-decoder's target; negative from the end, where what
    the tokenizer adds behind the text does not count. `pair` is as for `attnlit.attend`.
    Raises AttnlitError where a model's prediction is not linear in what its heads write.
    """
    from attnlit.analysis.writing.path import expand
    from attnlit.attention.stream import Stream

    _check(model)
    reading = read(model, text, pair, write=False)
    position = position_of(model, reading, position)
    weight = model.unembedding.weight
    stream = Stream(position, len(reading.asked.tokens), weight.shape[1], weight.shape[0], _layers(model))
    with stream:
        outputs = forward(model, [reading.inputs], stream)
    expanded = None if stream.root is None else expand(stream.root, model.sites)
    if expanded is None or stream.entered is None or stream.scores is None or not expanded.calls:
        raise AttnlitError(
            f"{model.name} has more than a norm between its last state and its words, so no head has a "
            "share of its own in a word's logit. Switch heads off instead: what is lost is measured."
        )
    entered = to_numpy(stream.entered)
    size = np.abs(expanded.vectors).sum(0)
    if not (np.abs(expanded.vectors.sum(0) - entered) <= TOLERANCE * size.max()).all():
        raise AttnlitError(
            f"What the parts of {model.name} write does not add up to its last state, so it cannot be taken "
            "apart. Choose another model."
        )
    scores = to_numpy(stream.scores)
    logits = to_numpy(outputs.logits[0, position].double())
    factor, cap = _last_step(model, entered, scores, logits)
    return State(
        model=model,
        reading=reading,
        position=position,
        parts=expanded.parts,
        vectors=expanded.vectors,
        entered=entered,
        scores=scores,
        bias=_bias(model),
        logits=logits,
        factor=factor,
        cap=cap,
        calls=expanded.calls,
        spine=expanded.spine,
        last=expanded.last,
    )


def _check(model: Model) -> None:
    """Raises AttnlitError for a model that predicts no words, or whose heads cannot be told apart."""
    check_predicts(model)
    if model.module.dtype.itemsize < _FLOAT32_BYTES:
        kind = str(model.module.dtype).removeprefix("torch.")
        raise AttnlitError(
            f"{model.name} computes in {kind}, which rounds its states by more than many heads write. Load "
            "it with dtype=torch.float32 to take a prediction apart."
        )
    prove_values(model)


def _check_unembedding(model: Model, entered: np.ndarray, scores: np.ndarray) -> None:
    """Raises AttnlitError where the words' scores are not the last state times the matrix that is named."""
    made = unembedded(model, entered) + _bias(model)
    if not np.abs(made - scores).max() <= 10 * TOLERANCE * max(1.0, np.abs(scores).max()):
        raise AttnlitError(
            f"The words of {model.name} are not made with the matrix that it names for them, so a logit "
            "cannot be taken apart. Choose another model."
        )


def position_of(model: Model, reading: Reading, position: int) -> int:
    """The index that is meant, from 0. Raises AttnlitError where there is no such token."""
    tokens = reading.asked.tokens
    count = len(tokens)
    if not is_whole(position):
        return checked_token(position, count)
    if position == LAST and model.masked:
        position = next((index for index, token in enumerate(tokens) if token.id == model.mask_id), LAST)
    if position < 0:
        place = position + reading.end
        position = place if place >= 0 else position  # or the mistake would name a number that nobody gave
    return checked_token(position, count)


def _layers(model: Model) -> dict[int, int | None]:
    """The layer of each weight, by the tensor's id: the first number in its name."""
    numbers = {id(each): _NUMBER.search(name) for name, each in model.module.named_parameters()}
    return {key: None if found is None else int(found[1]) for key, found in numbers.items()}


def _bias(model: Model) -> np.ndarray:
    output = model.unembedding
    bias = getattr(output, "bias", None)
    return np.zeros(len(output.weight)) if bias is None else to_numpy(bias.double())


def _last_step(
    model: Model, entered: np.ndarray, scores: np.ndarray, logits: np.ndarray
) -> tuple[float, float | None]:
    """(factor, cap): how the logits follow from the scores. Raises AttnlitError if in no known way."""
    _check_unembedding(model, entered, scores)
    cap = getattr(model.module.config.get_text_config(decoder=True), "final_logit_softcapping", None)
    factor = float(logits @ scores / (scores @ scores)) if cap is None else 1.0
    made = factor * scores if cap is None else cap * np.tanh(factor * scores / cap)
    if not np.abs(made - logits).max() <= TOLERANCE * max(1.0, np.abs(logits).max()):
        raise AttnlitError(
            f"{model.name} makes its logits of more than its last state and one matrix, so they cannot be "
            "taken apart. Choose another model."
        )
    return factor, cap
