"""What a model computes with nothing of ours: the yardstick of the proof, on two small inputs.

One has token ids spread over the whole vocabulary, so that the proof does not depend on what the tokenizer
can spell. The other is what the tokenizer makes of a real text and its pair, with everything that a user's
`model(**tokenizer(text, pair))` would pass on: token types have a part in XLNet's attention.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from attnlit.attention import routes
from attnlit.attention.tokens import encode, pair_rule
from attnlit.errors import AttnlitError
from attnlit.models.failures import explain, machine_is_full
from attnlit.models.model import Checkpoint

TOKENS = 9
# Another length than the source's, so that no cross-attention passes for self-attention.
TARGET_TOKENS = 6
TEXT, PAIR = "The cat sat on the mat, because it was tired.", "The dog lay on the rug."
ALWAYS = ("input_ids", "attention_mask")  # what every text model takes from its tokenizer


@dataclass(frozen=True, eq=False)
class Probe:
    """An input, and what the model's own eager attention makes of it."""

    inputs: dict[str, torch.Tensor]
    outputs: Any
    # By kind and layer: (1, H, Q, K).
    matrices: dict[tuple[str, int], torch.Tensor]


def spread_inputs(checkpoint: Checkpoint) -> dict[str, torch.Tensor]:
    """Ids spread over the vocabulary, (1, N); of an encoder-decoder also some of a target."""
    config = checkpoint.module.config
    words = config.get_text_config(decoder=True).vocab_size
    special = set(checkpoint.tokenizer.all_special_ids)
    usual = [each for each in range(words // 2) if each not in special]  # rare and reserved ones come last

    def ids(count: int) -> torch.Tensor:
        return torch.tensor([[usual[int(each)] for each in np.linspace(0, len(usual) - 1, count)]])

    inputs = {"input_ids": ids(TOKENS)}
    if config.is_encoder_decoder:
        inputs["decoder_input_ids"] = ids(TARGET_TOKENS)
    return inputs


def spread_probe(checkpoint: Checkpoint) -> Probe:
    """The probe of `spread_inputs`. Raises AttnlitError for a model without attention to show."""
    return _probe(checkpoint, spread_inputs(checkpoint))


def real_probe(checkpoint: Checkpoint, spread: Probe, *, causal: bool) -> Probe:
    """A real text with its pair, with all that the model takes of what its tokenizer makes of them."""
    targeted = "decoder_input_ids" in spread.inputs
    rule = pair_rule(checkpoint.tokenizer, encoder_decoder=targeted, causal=causal)
    encoded = encode(checkpoint.tokenizer, TEXT, None if rule == "target" else PAIR, rule)
    length = min(len(encoded.tokens), checkpoint.max_tokens)
    taken = inspect.signature(checkpoint.module.forward).parameters
    inputs = {
        name: torch.tensor([values[:length]]) for name, values in encoded.inputs.items() if name in taken
    }
    target = {name: spread.inputs[name] for name in ("decoder_input_ids",) if targeted}
    if "token_type_ids" in inputs and _are_words(checkpoint, inputs | target):
        del inputs["token_type_ids"]
    try:
        return _probe(checkpoint, inputs | target)
    except AttnlitError:
        if set(inputs) <= set(ALWAYS):
            raise
    # A tokenizer may tell more than this model was made for, such as two types of tokens where it has one.
    return _probe(checkpoint, {name: each for name, each in inputs.items() if name in ALWAYS} | target)


def _probe(checkpoint: Checkpoint, inputs: dict[str, torch.Tensor]) -> Probe:
    try:
        outputs = routes.run(checkpoint.module, inputs, output_attentions=True)
    except Exception as error:
        if machine_is_full(error):
            raise AttnlitError(explain(error, checkpoint.name)) from error
        raise AttnlitError(
            f"“{checkpoint.name}” cannot read plain text ({type(error).__name__}). Choose a text model."
        ) from error
    probe = Probe(inputs, outputs, routes.reported(outputs))
    _check_numbers(checkpoint.name, probe)
    _check_shapes(checkpoint.name, probe)
    return probe


def _are_words(checkpoint: Checkpoint, inputs: dict[str, torch.Tensor]) -> bool:
    """Whether the model looks token types up among its words, as GPT-2 does, and adds them to the text.

    That is meant for models that were trained so; no text is meant to have the word number 0 in every place.
    """
    types = inputs["token_type_ids"]
    seen: list[torch.Tensor] = []
    with _watching(checkpoint.module.get_input_embeddings(), seen):
        try:
            routes.run(checkpoint.module, inputs)
        except Exception:  # such as more types than the model has: what measures it will say so
            return False
    looked_up = [each for each in seen if each.shape == types.shape and torch.equal(each.cpu(), types)]
    return bool(looked_up) and not torch.equal(types, inputs["input_ids"])


@contextmanager
def _watching(module: torch.nn.Module, seen: list[torch.Tensor]) -> Iterator[None]:
    """Notes the first argument of every call of a module. Nobody shares the model yet."""
    hook = module.register_forward_pre_hook(lambda _, inputs: seen.extend(inputs[:1]))
    try:
        yield
    finally:
        hook.remove()


def first_output(outputs: Any) -> torch.Tensor:
    """Logits (1, N, V), or hidden states (1, N, D) of a model without a head."""
    output: torch.Tensor = outputs.logits if "logits" in outputs else outputs[0]
    return output


def check_weights(checkpoint: Checkpoint) -> None:
    """Raises AttnlitError where a weight is infinite or no number: a text may meet it, or none of ours."""
    for weights in checkpoint.module.parameters():
        # A sum needs no memory; where it is not finite, it may still be that only the sum is too large.
        if not weights.sum().isfinite() and not weights.isfinite().all():
            raise AttnlitError(_damaged(checkpoint.name))


def _check_numbers(name: str, probe: Probe) -> None:
    """Raises AttnlitError where anything that the model computes is no number: no comparison would notice."""
    computed: Sequence[torch.Tensor] = [first_output(probe.outputs), *probe.matrices.values()]
    if any(each.isnan().any() for each in computed):
        raise AttnlitError(_damaged(name))


def _damaged(name: str) -> str:
    return (
        f"“{name}” holds numbers that are not finite, so its weights are damaged. Save it anew, or "
        "choose another model."
    )


def _check_shapes(name: str, probe: Probe) -> None:
    """Raises AttnlitError for a model without attention, or without a full matrix in every layer."""
    if not probe.matrices:
        raise AttnlitError(f"“{name}” reports no attention: there is nothing to show. Choose another model.")
    source = probe.inputs["input_ids"].shape[1]
    target = probe.inputs.get("decoder_input_ids", probe.inputs["input_ids"]).shape[1]
    sides = {"decoder": (target, target), "cross": (target, source)}
    for (kind, _), matrix in probe.matrices.items():
        full = tuple(matrix.shape[2:]) == sides.get(kind, (source, source))
        if not full or not matrix.float().sum(-1).max() <= 1 + 1e-3 + torch.finfo(matrix.dtype).eps:
            raise AttnlitError(
                f"“{name}” does not weigh every token against every other one, so its attention has no full "
                "picture. Choose another model."
            )
        if matrix.shape != probe.matrices[kind, 0].shape:
            raise AttnlitError(
                f"The layers of “{name}” have different numbers of heads. Choose another model."
            )
