"""What a model writes itself, word by most likely word.

Written here and not by `generate` of transformers, which takes dozens of settings from the repository, fails
on odd ones with a raw exception, and holds the processor until it is done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attnlit.attention.forward import Inputs, slot
from attnlit.attention.languages import target_language
from attnlit.errors import AttnlitError
from attnlit.models.model import Model

if TYPE_CHECKING:
    import torch

TARGET_TOKENS = 40  # the most that a model writes where no target text is given


def write_target(model: Model, inputs: Inputs, start: int, limit: int) -> list[int]:
    """The target that an encoder-decoder writes: `start` and what follows, without the mark of its end.

    inputs: the source text as the encoder takes it. limit: the most tokens that the target may have. Other
    forward passes may run between two of its words. Raises AttnlitError for a model that cannot write.
    """
    if not model.predicts:
        raise AttnlitError(f"{model.name} has no trained head that writes words. Type a target text for it.")
    import torch

    ends, never, first = _rules(model)
    # As `generate` leaves it: room for a start and an end.
    most = max(1, min(TARGET_TOKENS, limit - 2))
    tensors = {name: torch.tensor([ids]) for name, ids in inputs.items()}
    ids = [start]
    while len(ids) <= most:
        tensors["decoder_input_ids"] = torch.tensor([ids])
        outputs = _run(model, tensors)
        logits = outputs.logits[0, -1]  # (V,)
        if logits.isnan().any():
            raise AttnlitError(f"{model.name} computes numbers that are not finite, so it writes nothing.")
        allowed = logits.clone()
        allowed[never] = -torch.inf
        word = first if first is not None and len(ids) == 1 else int(allowed.argmax())
        if word in ends:
            break
        ids.append(word)
        tensors = _read_already(tensors, outputs)
    return ids


def _run(model: Model, tensors: dict[str, Any]) -> Any:
    from attnlit.attention import routes

    with slot():
        return routes.run(model.module, tensors)


def _read_already(tensors: dict[str, Any], outputs: Any) -> dict[str, torch.Tensor]:
    """The arguments of the next pass, in which the encoder need not read the source once more."""
    if outputs.get("encoder_last_hidden_state") is None:
        return tensors
    from transformers.modeling_outputs import BaseModelOutput

    kept = {name: tensors[name] for name in ("attention_mask",) if name in tensors}
    return {**kept, "encoder_outputs": BaseModelOutput(last_hidden_state=outputs.encoder_last_hidden_state)}


def _rules(model: Model) -> tuple[set[int], list[int], int | None]:
    """(tokens that end the target, tokens that it never has, the token that it must begin with).

    They stand in files of the repository, which may say anything: what is no token of the model is left out.
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
