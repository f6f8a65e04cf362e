"""What a model computes with nothing of ours: the yardstick of the proof, on two small inputs.

One has token ids spread over the whole vocabulary, so that the proof does not depend on what the tokenizer
can spell. The other is what the tokenizer makes of a real text and its pair, with everything that a user's
`model(**tokenizer(text, pair))` would pass on: token types have a part in XLNet's attention.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from attnlit.attention import routes
from attnlit.attention.tokens import encode, pair_rule
from attnlit.errors import AttnlitError
from attnlit.models.failures import explain, machine_is_full
from attnlit.models.model import Checkpoint
from attnlit.wording import one_line

LOGITS_TOLERANCE = 1e-4  # relative to the logits' own size
TOKENS = 9
# Another length than the source's, so that no cross-attention passes for self-attention.
TARGET_TOKENS = 6
TEXT, PAIR = "The cat sat on the mat, because it was tired.", "The dog lay on the rug."
_TYPES_ARE_WORDS = (
    "Its tokenizer also tells types of tokens, which this model would take for words and add to the text: "
    "they are left out."
)
ALWAYS = ("input_ids", "attention_mask")  # what every text model takes from its tokenizer


@dataclass(frozen=True, eq=False)
class Probe:
    """An input, and what the model's own eager attention makes of it."""

    inputs: dict[str, torch.Tensor]
    outputs: Any
    # By kind and row, (1, H, Q, K): of the layers that weigh every token against every other one.
    matrices: dict[tuple[str, int], torch.Tensor]
    # Whether these are all that the model reports.
    whole: bool
    # What must be said of this input; empty where there is nothing to say.
    note: str = ""


def spread_inputs(checkpoint: Checkpoint) -> dict[str, torch.Tensor]:
    """Ids spread over the vocabulary, (1, N); of an encoder-decoder also some of a target."""
    config = checkpoint.module.config
    if not hasattr(checkpoint.module.get_input_embeddings(), "weight"):
        raise AttnlitError(
            f"“{checkpoint.name}” cannot read plain text: it has no table of words. Choose a text model."
        )
    # A model in memory may have been given other words than its configuration says.
    words = min(config.get_text_config(decoder=True).vocab_size, checkpoint.vocabulary_size)
    special = set(checkpoint.tokenizer.all_special_ids)
    usual = [each for each in range(words // 2) if each not in special]  # rare and reserved ones come last

    def ids(count: int) -> torch.Tensor:
        return torch.tensor(
            [[usual[int(each)] for each in np.linspace(0, len(usual) - 1, count)]], device="cpu"
        )

    inputs = {"input_ids": ids(TOKENS)}
    if checkpoint.reads_twice:
        inputs["input_ids"][:, -1] = config.eos_token_id  # where such a classifier reads its class
        inputs |= _a_token_later(checkpoint, inputs["input_ids"])
    elif config.is_encoder_decoder:
        inputs["decoder_input_ids"] = ids(TARGET_TOKENS)
    return inputs


def _a_token_later(checkpoint: Checkpoint, ids: torch.Tensor) -> dict[str, torch.Tensor]:
    """What the decoder of a classifier reads where the encoder reads ids, (1, N)."""
    start = torch.full((1, 1), checkpoint.module.config.decoder_start_token_id, device="cpu")
    return {"decoder_input_ids": torch.cat([start, ids[:, :-1]], dim=1)}


def spread_probe(checkpoint: Checkpoint) -> Probe:
    """The probe of `spread_inputs`. Raises AttnlitError for a model without attention to show."""
    return _probe(checkpoint, spread_inputs(checkpoint))


def pairs_of(checkpoint: Checkpoint, *, causal: bool) -> str:
    """How the model takes a second text: see `attnlit.attention.tokens.pair_rule`."""
    twice, targeted = checkpoint.reads_twice, bool(checkpoint.module.config.is_encoder_decoder)
    return pair_rule(
        checkpoint.tokenizer, encoder_decoder=targeted and not twice, causal=causal and not twice
    )


def real_probe(checkpoint: Checkpoint, spread: Probe, *, causal: bool) -> Probe:
    """A real text with its pair, with all that the model takes of what its tokenizer makes of them."""
    targeted = "decoder_input_ids" in spread.inputs
    rule = pairs_of(checkpoint, causal=causal)
    encoded = encode(checkpoint.tokenizer, TEXT, None if rule == "target" else PAIR, rule)
    if not encoded.tokens:
        raise AttnlitError(
            f"The tokenizer of “{checkpoint.name}” makes no token of a plain sentence. Save the model "
            "with its own tokenizer, or choose another."
        )
    length = min(len(encoded.tokens), checkpoint.max_tokens)
    inputs = {
        name: torch.tensor([values[:length]], device="cpu")
        for name, values in encoded.inputs.items()
        if name in checkpoint.takes
    }
    if max(encoded.inputs["input_ids"]) >= checkpoint.vocabulary_size:
        raise AttnlitError(
            f"The tokenizer of “{checkpoint.name}” does not belong to it: it makes tokens the model lacks. "
            "Save the model with its own tokenizer."
        )
    target = {name: spread.inputs[name] for name in ("decoder_input_ids",) if targeted}
    target |= _a_token_later(checkpoint, inputs["input_ids"]) if checkpoint.reads_twice else {}
    note = ""
    if "token_type_ids" in inputs and _are_words(checkpoint, inputs | target):
        del inputs["token_type_ids"]
        note = _TYPES_ARE_WORDS
    try:
        return replace(_probe(checkpoint, inputs | target), note=note)
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
            f"“{checkpoint.name}” cannot read plain text: given a few words, it fails by itself "
            f"({one_line(f'{type(error).__name__}: {error}', 160)}). Choose another model."
        ) from error
    found = routes.reported(outputs)
    if not found:
        raise AttnlitError(
            f"“{checkpoint.name}” reports no attention: there is nothing to show. Choose another model."
        )
    full = _full(inputs, found)
    if not full:
        raise AttnlitError(no_full_picture(checkpoint.name))
    probe = Probe(inputs, outputs, full, whole=len(full) == len(found))
    _check_numbers(checkpoint.name, probe)
    _check_heads(checkpoint.name, probe)
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


def difference_of(expected: torch.Tensor, found: torch.Tensor) -> float:
    """Largest difference, relative to the size of what is expected; infinite numbers must be the same."""
    difference = (expected - found).abs().masked_fill(expected == found, 0.0)
    size = expected[expected.isfinite()].abs().max() if expected.isfinite().any() else expected.new_ones(())
    return float(difference.max() / size.clamp_min(1.0))


def check_reports(checkpoint: Checkpoint, probe: Probe) -> None:
    """Raises AttnlitError where the model computes other numbers while it reports its attention."""
    plain = routes.run(checkpoint.module, probe.inputs)
    if not difference_of(first_output(probe.outputs), first_output(plain)) <= LOGITS_TOLERANCE:
        raise AttnlitError(
            f"“{checkpoint.name}” computes other numbers while it reports its attention, so what it reports "
            "is not what it uses. Choose another model, or load this one with attn_implementation=“eager”."
        )


def check_weights(checkpoint: Checkpoint) -> None:
    """Raises AttnlitError where a weight is infinite or no number: a text may meet it, or none of ours."""
    for weights in checkpoint.module.parameters():
        # A sum needs no memory; where it is not finite, it may still be that only the sum is too large.
        if not weights.sum().isfinite() and not weights.isfinite().all():
            raise AttnlitError(
                f"“{checkpoint.name}” holds numbers that are not finite, so its weights are damaged. Save it "
                "again, or choose another model."
            )


def _check_numbers(name: str, probe: Probe) -> None:
    """Raises AttnlitError where anything that the model computes is no number: no comparison would notice."""
    computed: Sequence[torch.Tensor] = [first_output(probe.outputs), *probe.matrices.values()]
    if any(each.isnan().any() for each in computed):
        raise AttnlitError(
            f"Whatever the text, “{name}” computes numbers that are not finite: its weights or its "
            "config.json are damaged. Save it again, or choose another model."
        )


def no_full_picture(name: str) -> str:
    """The sentence for a model whose attention is not of every token to every other one."""
    return (
        f"“{name}” does not weigh every token against every other one, so its attention has no full picture. "
        "Choose another model."
    )


def _full(
    inputs: dict[str, torch.Tensor], found: dict[tuple[str, int], torch.Tensor]
) -> dict[tuple[str, int], torch.Tensor]:
    """The matrices of every token against every other one, in rows without a gap.

    Some models have such attention only in their decoder (LED, LongT5) or in some layers (MiniMax), and what
    they report of the others is no picture of all tokens.
    """
    source = inputs["input_ids"].shape[1]
    target = inputs.get("decoder_input_ids", inputs["input_ids"]).shape[1]
    sides = {"decoder": (target, target), "cross": (target, source)}
    rows: Counter[str] = Counter()
    full = {}
    for (kind, _), matrix in found.items():
        most = 1 + 1e-3 + torch.finfo(matrix.dtype).eps
        sums = matrix.float().sum(-1)
        # A NaN is no reason to leave a matrix out: the check of the numbers is to find it.
        if tuple(matrix.shape[2:]) == sides.get(kind, (source, source)) and not sums.max() > most:
            full[kind, rows[kind]] = matrix
            rows[kind] += 1
    return full


def _check_heads(name: str, probe: Probe) -> None:
    """Raises AttnlitError for a model whose layers have different numbers of heads."""
    for (kind, _), matrix in probe.matrices.items():
        if matrix.shape != probe.matrices[kind, 0].shape:
            raise AttnlitError(
                f"The layers of “{name}” have different numbers of heads. Choose another model."
            )
