"""The front door: load a model, give it a text, get the record of its attention.

torch and transformers are imported when a model is first loaded, so that charts import the record quickly.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from attnlit.attention.edits import Edit, edits_by_call
from attnlit.attention.record import Attention, frozen
from attnlit.attention.tokens import Encoded, decode, encode, encode_target
from attnlit.errors import AttnlitError
from attnlit.models import limits
from attnlit.models.model import Model

if TYPE_CHECKING:
    from attnlit.attention.recorder import Call, Recorder, WeightsRecorder

TARGET_TOKENS = 40  # the most that a model writes where no target text is given
CHARACTERS_A_TOKEN = (
    50  # longer texts than this many characters a token are refused before they are tokenised
)


def load(name: str) -> Model:
    """Loads a model and proves how its attention can be recorded.

    `name` is a bundled model ("mini-gpt2", "mini-bert"), a local folder with safetensors, or a model of the
    Hugging Face hub. Raises AttnlitError, in words, where that is not possible.
    """
    from attnlit.models.load import load as load_checkpoint

    checkpoint = load_checkpoint(name)
    from attnlit.attention.proof import prove  # imports torch, which a mistaken name must not wait for

    return prove(checkpoint)


def untrained(model: Model) -> Model:
    """The same model as it was before training: its configuration, random weights, always the same ones.

    What a score is worth shows beside the score of this twin. Raises AttnlitError for a model that is too
    large to be held twice.
    """
    from attnlit.attention.proof import prove
    from attnlit.models.load import with_random_weights

    return prove(with_random_weights(model))


def attend(model: Model, text: str, pair: str | None = None, kind: str | None = None) -> Attention:
    """Attention of every layer and head for a text, or for two.

    `pair` is the second sentence; for a decoder it follows the first, and for an encoder-decoder it is the
    target (without one, the model writes it). `kind` is one of `model.kinds`; None is the first.
    Raises AttnlitError for a text that is empty or too long, and for a kind that the model lacks.
    """
    return attend_all(model, text, pair)[checked_kind(model, kind)]


def checked_kind(model: Model, kind: str | None) -> str:
    """The kind of attention that is meant: None is the first. Raises AttnlitError if the model lacks it."""
    kind = model.kinds[0] if kind is None else kind
    if kind not in model.kinds:
        kinds = " and ".join(f"“{each}”" for each in model.kinds)
        raise AttnlitError(f"{model.name} has no attention of the kind “{kind}”; it has {kinds}.")
    return kind


def attend_all(
    model: Model, text: str, pair: str | None = None, edits: Iterable[Edit] = ()
) -> dict[str, Attention]:
    """The attention of every kind that the model has, from one forward pass; see `attend`.

    edits: what is changed inside that pass; see `attnlit.attention.edits`.
    """
    from attnlit.attention.recorder import Recorder

    source, target, pair = read(model, text, pair)
    reading = Reading(source, target, text, pair)
    recorder = Recorder(model.sites)
    forward(model, reading.inputs, recorder, edits)
    records = {}
    for kind in model.kinds:
        weights, layer_inputs = recorder.kind(kind)
        record = _record(model, kind, reading, weights)
        records[kind] = replace(record, inputs=layer_inputs, why_no_vectors=model.why_no_vectors)
    return records


@dataclass(frozen=True, eq=False)
class Reading:
    """A text as a model reads it."""

    source: Encoded
    target: Encoded | None  # of an encoder-decoder
    text: str
    pair: str | None

    @property
    def inputs(self) -> dict[str, list[int]]:
        return {**self.source.inputs, **({} if self.target is None else self.target.inputs)}

    @property
    def lengths(self) -> tuple[int, int]:
        """Tokens of the text and of the target: texts of equal lengths can share a forward pass."""
        return len(self.source.tokens), 0 if self.target is None else len(self.target.tokens)


def attend_together(model: Model, readings: Sequence[Reading], kind: str) -> list[Attention]:
    """The attention of several texts of equal lengths from one forward pass: weights only, no q and k.

    Nothing is padded, so each text's record is what it has alone, up to rounding.
    """
    together = weights_together(model, [reading.inputs for reading in readings], kind)
    return [
        _record(model, kind, reading, weights) for reading, weights in zip(readings, together, strict=True)
    ]


def weights_together(model: Model, texts: Sequence[dict[str, list[int]]], kind: str) -> np.ndarray:
    """Attention weights of inputs of equal lengths: float32 (texts, layers, heads, queries, keys).

    One forward pass; but a traced model may fold its batch into its heads, so it takes one after another.
    """
    from attnlit.attention.recorder import WeightsRecorder

    if model.capture_route == "trace" and len(texts) > 1:
        return frozen(np.concatenate([weights_together(model, [text], kind) for text in texts]))
    recorder = WeightsRecorder(model.sites, kind)
    forward_texts(model, texts, recorder)
    return recorder.texts()


def _record(model: Model, kind: str, reading: Reading, weights: np.ndarray) -> Attention:
    """The record of one text without queries and keys. weights: (layers, heads, queries, keys)"""
    source, target = reading.source, reading.target
    sides = {"cross": (target, source), "decoder": (target, target)}
    query, key = (source if side is None else side for side in sides.get(kind, (source, source)))
    return Attention(
        weights=weights,
        queries=query.tokens,
        keys=key.tokens,
        model=model.name,
        kind=kind,
        causal=model.causal and kind in ("self", "decoder"),
        text=reading.text,
        pair=reading.pair,
        why_no_vectors="only the weights of these texts were recorded.",
    )


def forward(
    model: Model,
    inputs: dict[str, list[int]],
    recorder: Recorder | None = None,
    edits: Iterable[Edit] = (),
    rows: int = 1,
) -> Any:
    """One forward pass that `recorder` watches. Returns the model's outputs: logits (rows, tokens, words).

    `edits` change what this pass computes, and only this pass. With `rows` the same text stands in a batch so
    many times, each perhaps edited differently; a traced model takes one row, and a recorder sees the first.
    Safe for any number of threads on one model: nothing is written to it. Raises AttnlitError for edits that
    do not fit the model or the text.
    """
    return forward_texts(model, [inputs] * rows, recorder, edits)


def forward_texts(
    model: Model,
    texts: Sequence[dict[str, list[int]]],
    recorder: Recorder | WeightsRecorder | None = None,
    edits: Iterable[Edit] = (),
    hidden_states: bool = False,
) -> Any:
    """As `forward`, of one or several texts with equally many tokens: each is a row of the batch.

    hidden_states: the outputs also hold what enters each layer, `hidden_states`: (texts, tokens, width) each.
    """
    import torch

    from attnlit.attention import proof

    by_call = edits_by_call(model, edits)
    if by_call and len(texts) > 1 and model.capture_route == "trace":
        raise ValueError("a traced model may fold its batch into its heads: edit one row at a time")
    tensors = {name: torch.tensor([text[name] for text in texts]) for name in texts[0]}
    options = {"output_hidden_states": True} if hidden_states else {}
    with _slots():
        if model.capture_route == "weights":
            outputs = proof.run(model.module, tensors, output_attentions=True, **options)
            if recorder is not None:
                recorder.take_reported(proof.reported(outputs))
            return outputs
        with proof.recording(model.capture_route, _ignore if recorder is None else recorder.take, by_call):
            return proof.run(model.module, tensors, **options)


def _ignore(call: Call) -> None:
    """What takes the calls of a forward pass that nobody records."""


@cache
def _slots() -> threading.BoundedSemaphore:
    return threading.BoundedSemaphore(limits.forwards_at_once())


def read(
    model: Model, text: str, pair: str | None = None, *, write: bool = True
) -> tuple[Encoded, Encoded | None, str | None]:
    """(text's tokens, target's tokens, pair): what `forward` takes.

    A model that needs a target and has none writes one, or starts with none of its words if not `write`.
    Raises AttnlitError for a text that is empty or too long.
    """
    _check_text(model, text, "text")
    pair = None if pair is None or not pair.strip() else pair
    if pair is not None:
        _check_text(model, pair, "second text")
    both = pair if model.pairs != "target" else None
    source = _checked(model, encode(model.tokenizer, text, both, model.pairs))
    if model.pairs != "target":
        return source, None, pair
    if pair is None:
        pair = _write(model, source) if write else ""
    return source, _checked(model, encode_target(model.tokenizer, pair, _start(model))), pair


def _check_text(model: Model, text: str, name: str) -> None:
    """Raises AttnlitError for a text that is empty, broken or hopelessly long, before it is tokenised."""
    if not text.strip():
        raise AttnlitError(f"The {name} is empty. Type a sentence, such as “The cat sat on the mat.”")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise AttnlitError(f"The {name} holds half a character (a lone surrogate). Paste it again.")
    most = CHARACTERS_A_TOKEN * _limit(model)
    if len(text) > most:
        raise AttnlitError(
            f"The {name} has {len(text):,} characters, too many for {model.name}, which takes at most "
            f"{_limit(model):,} tokens here. Give it a few sentences."
        )


def _checked(model: Model, encoded: Encoded) -> Encoded:
    """The tokens, if the model can take them; otherwise AttnlitError."""
    count = len(encoded.tokens)
    if count == 0:
        raise AttnlitError(f"{model.name} makes no token of this text. Try another.")
    if count > _limit(model):
        raise AttnlitError(
            f"This text has {count:,} tokens, and {model.name} takes at most {_limit(model):,} here. "
            "Shorten it."
        )
    rows = model.vocabulary_size
    if any(token.id >= rows for token in encoded.tokens):
        raise AttnlitError(
            f"The tokenizer of {model.name} does not belong to it: it makes tokens the model lacks."
        )
    taken = {name: ids for name, ids in encoded.inputs.items() if name in _arguments(model)}
    return Encoded(taken, encoded.tokens)


def _arguments(model: Model) -> set[str]:
    """Inputs that the model understands. Token types only if it has some: GPT-2 would add them as words."""
    names = {"input_ids", "attention_mask", "decoder_input_ids"}
    if getattr(model.module.config, "type_vocab_size", 0) > 1:
        names.add("token_type_ids")
    return names & set(inspect.signature(model.module.forward).parameters)


def _limit(model: Model) -> int:
    return min(model.max_tokens, limits.max_tokens())


def _start(model: Model) -> int:
    """The token that a decoder starts with."""
    config = model.module.config
    names = ("decoder_start_token_id", "bos_token_id", "eos_token_id")
    for name in names:
        if isinstance(start := getattr(config, name, None), int):
            return start
    raise AttnlitError(f"{model.name} does not say which token its target begins with. Choose another model.")


def _write(model: Model, source: Encoded) -> str:
    """The target text that the model itself would write, word by most likely word."""
    import torch

    if not model.predicts:
        raise AttnlitError(f"{model.name} has no trained head that writes words. Type a target text for it.")

    tensors = {name: torch.tensor([ids]) for name, ids in source.inputs.items()}
    most = max(1, min(TARGET_TOKENS, _limit(model) - 2))  # it will have a start and an end, too
    with _slots(), torch.inference_mode():
        ids = model.module.generate(**tensors, max_new_tokens=most, num_beams=1, do_sample=False)
    return decode(model.tokenizer, ids[0].tolist())
