"""What a model writes itself, word by most likely word."""

from __future__ import annotations

from attnlit.attention.forward import Inputs, slot
from attnlit.attention.tokens import decode
from attnlit.errors import AttnlitError
from attnlit.models.model import Model

TARGET_TOKENS = 40  # the most that a model writes where no target text is given


def write_target(model: Model, inputs: Inputs, limit: int) -> str:
    """The target text that an encoder-decoder itself would write. limit: tokens that it may have in all."""
    import torch

    if not model.predicts:
        raise AttnlitError(f"{model.name} has no trained head that writes words. Type a target text for it.")
    tensors = {name: torch.tensor([ids]) for name, ids in inputs.items()}
    most = max(1, min(TARGET_TOKENS, limit - 2))  # it will have a start and an end, too
    with slot(), torch.inference_mode():
        ids = model.module.generate(**tensors, max_new_tokens=most, num_beams=1, do_sample=False)
    return decode(model.tokenizer, ids[0].tolist())
