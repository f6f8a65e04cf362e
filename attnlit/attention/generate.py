"""What a model writes itself, word by word: the most likely one, or one that is drawn.

Written here and not by `generate` of transformers, which takes dozens of settings from the repository, fails
on odd ones with a raw exception, and holds the processor until it is done.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np

from attnlit.attention.forward import Inputs
from attnlit.attention.languages import target_language
from attnlit.attention.steps import Steps
from attnlit.errors import AttnlitError
from attnlit.models import limits
from attnlit.models.model import Model

TARGET_TOKENS = 40  # the most that a model writes where no target text is given


def write_target(model: Model, inputs: Inputs, start: int, limit: int) -> list[int]:
    """The target that an encoder-decoder writes: `start` and what follows, without the mark of its end.

    inputs: the source text as the encoder takes it. limit: the most tokens that the target may have. Other
    forward passes may run between two of its words. Raises AttnlitError for a model that cannot write.
    """
    if not model.predicts:
        raise AttnlitError(f"{model.name} has no trained head that writes words. Type a target text for it.")
    # As `generate` leaves it: room for a start and an end.
    most = max(1, min(TARGET_TOKENS, limit - 2))
    return [start, *islice(write(model, inputs, start), most)]


def write(
    model: Model,
    inputs: Inputs,
    start: int | None = None,
    *,
    temperature: float = 0.0,
    seed: int = 0,
    already: Sequence[int] = (),
    ends: Sequence[int] = (),
) -> Iterator[int]:
    """The tokens that a model writes, one at a time, until it writes the mark of an end, which is left out.

    inputs: the text as the model takes it. start: of an encoder-decoder, the token that its target begins
    with; a decoder goes on with the text itself.
    temperature: 0 takes the most likely word; above it, words are drawn with probabilities that go with
    `exp(logit / temperature)`. seed: of the drawing; the same one gives the same words.
    already: what was written before, to go on with. ends: more tokens that end it.

    The text only grows, so whoever asks for words must bound their number. Each word is one forward pass (see
    `attnlit.attention.steps`), and no lock is held between two of them. Raises AttnlitError where the model
    computes no numbers.
    """
    import torch

    own_ends, never, first = _rules(model)
    ends_it = {*own_ends, *ends}
    random = np.random.default_rng(seed)
    random.random(len(already))  # so that going on gives what would have come without a stop
    tensors = {name: torch.tensor([ids], device="cpu") for name, ids in inputs.items()}
    steps = Steps(model, tensors, "input_ids" if start is None else "decoder_input_ids")
    steps.add([*([] if start is None else [start]), *already])
    for count in range(len(already), limits.max_tokens()):
        logits = steps.logits().copy()  # (V,)
        if np.isnan(logits).any():
            raise AttnlitError(f"{model.name} computes numbers that are not finite, so it writes nothing.")
        logits[never] = -np.inf
        logits[model.vocabulary_size :] = -np.inf  # a head may have more rows than there are words to read
        word = _drawn(logits, temperature, float(random.random()))
        if count == 0 and start is not None and first is not None and first != start:
            word = first
        if word in ends_it:
            return
        yield word
        steps.add([word])


def _drawn(logits: np.ndarray, temperature: float, chance: float) -> int:
    """The most likely word of (V,), or the one in which a number from 0 to 1 falls, if words lie in a row."""
    if temperature == 0:
        return int(np.argmax(logits))
    scores = logits.astype(np.float64) / temperature
    weights = np.exp(scores - np.max(scores)).cumsum()
    return min(int(np.searchsorted(weights, chance * weights[-1], side="right")), len(logits) - 1)


def _rules(model: Model) -> tuple[set[int], list[int], int | None]:
    """(tokens that end the target, tokens that it never has, the token that it must begin with).

    Files of the repository name them, and may say anything: what is not a token of the model is left out.
    """
    ends: set[int] = set()
    never: set[int] = set()
    first: set[int] = set()
    for settings in (getattr(model.module, "generation_config", None), model.module.config):
        ends = ends or _ids(getattr(settings, "eos_token_id", None), model)
        first = first or _ids(getattr(settings, "forced_bos_token_id", None), model)
        for name in ("bad_words_ids", "suppress_tokens"):
            never |= _ids(getattr(settings, name, None), model)
    language = target_language(model)
    return ends, sorted(never), min(first, default=None) if language is None else language


def _ids(setting: object, model: Model) -> set[int]:
    """The tokens of a setting: a number, a list of some, or of words, of which only single tokens count."""
    if isinstance(setting, int) and not isinstance(setting, bool):
        return {setting} if 0 <= setting < model.vocabulary_size else set()
    if not isinstance(setting, list | tuple):
        return set()
    return {
        id_
        for each in setting
        if not isinstance(each, list | tuple) or len(each) == 1
        for id_ in _ids(each[0] if isinstance(each, list | tuple) else each, model)
    }
