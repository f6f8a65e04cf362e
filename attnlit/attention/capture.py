"""The front door: load a model, give it a text, get the record of its attention.

torch and transformers are imported when a model is first loaded, so that charts import the record quickly.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from attnlit.attention.edits import Edit
from attnlit.attention.forward import forward
from attnlit.attention.given import check_function, check_opened, is_one_of
from attnlit.attention.reading import Reading, read
from attnlit.attention.record import Attention
from attnlit.attention.weights import weights_together
from attnlit.errors import AttnlitError
from attnlit.models.model import Model
from attnlit.wording import quoted

if TYPE_CHECKING:
    import torch
    from transformers import Pipeline, PreTrainedModel, PreTrainedTokenizerBase

    from attnlit.models.hub import Progress


def load(
    source: str | os.PathLike[str] | PreTrainedModel | Pipeline,
    *,
    tokenizer: PreTrainedTokenizerBase | None = None,
    revision: str | None = None,
    device: str | torch.device | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Model:
    """Loads a model and proves how its attention can be recorded.

    source: a bundled model ("mini-gpt2", "mini-bert"), a local folder with safetensors, a model of the
    Hugging Face hub, or a model that is in memory already: of transformers, wrapped by PEFT, or inside a
    pipeline. Such a model stays on its device, in its number type, and exactly as it is.
    tokenizer: of a model in memory. revision: a branch, tag or commit of a hub model, such as "step1000".
    device: where a model read from files runs, such as "cuda"; None is the processor.
    progress: called with (bytes here, bytes in all) during a download; None draws a bar once there is one.
    cancelled: asked during a download whether to stop it.
    Raises AttnlitError, in words, where that is not possible.
    """
    from attnlit.models.device import move
    from attnlit.models.hub import progress_bar
    from attnlit.models.load import load as load_checkpoint
    from attnlit.models.memory import from_memory

    check_function(progress, "progress")
    check_function(cancelled, "cancelled")
    if isinstance(source, (str, os.PathLike)):
        if tokenizer is not None:
            raise AttnlitError(
                "A model read from files has its own tokenizer there: leave out `tokenizer`. Or open both "
                "with transformers, and give the model itself: attnlit.load(model, tokenizer=tokenizer)."
            )
        progress = progress or progress_bar(os.fspath(source))
        checkpoint = load_checkpoint(source, revision=revision, progress=progress, cancelled=cancelled)
        if device is not None:
            move(checkpoint.module, device, checkpoint.name)
    else:
        if revision is not None:
            raise AttnlitError("This model is in memory, as it is: leave out `revision`.")
        if device is not None:
            raise AttnlitError(
                "This model is in memory: move it yourself, with model.to(device), and leave out `device`."
            )
        checkpoint = from_memory(source, tokenizer)
    from attnlit.attention.proof import prove  # imports torch, which a mistaken name must not wait for

    return prove(checkpoint)


def untrained(model: Model) -> Model:
    """The same model as it was before training: its configuration, random weights, always the same ones.

    What a score is worth shows beside the same score of this model. Raises AttnlitError for a model that is
    too large to be held twice.
    """
    from attnlit.attention.proof import prove
    from attnlit.models.load import with_random_weights

    return prove(with_random_weights(model))


def attend(model: Model, text: str, pair: str | None = None, kind: str | None = None) -> Attention:
    """Attention of every layer and head for a text, or for two.

    pair: the second sentence; for a decoder it follows the first, and for an encoder-decoder it is the
    target (without one, the model writes it). kind: one of `model.kinds`; None is the first.

    Returns a record whose `weights` are float32 (L, H, Q, K), each row the softmax that the model computed:
    it sums to 1, or less where the model has a learned sink. Layers have the model's own numbers
    (`layer_numbers`); `vectors(layer, head)` are the queries, keys and scores behind one head.
    Raises AttnlitError for a text that is empty or too long, and for a kind that the model lacks.
    """
    return attend_all(model, text, pair)[checked_kind(model, kind)]


def checked_kind(model: Model, kind: str | None) -> str:
    """The kind of attention that is meant: None is the first. Raises AttnlitError if the model lacks it."""
    check_opened(model)
    kind = model.kinds[0] if kind is None else kind
    if not is_one_of(kind, model.kinds):
        kinds = " and ".join(f"“{each}”" for each in model.kinds)
        raise AttnlitError(f"{model.name} has no attention of the kind {quoted(str(kind))}; it has {kinds}.")
    return kind


def attend_all(
    model: Model, text: str, pair: str | None = None, edits: Iterable[Edit] = ()
) -> dict[str, Attention]:
    """The attention of every kind that the model has, from one forward pass; see `attend`.

    edits: what is changed inside that pass; see `attnlit.attention.edits`.
    """
    reading = read(model, text, pair)
    return attend_reading(model, reading, edits, places=[0])[0]  # nobody reads the logits: as few as can be


def attend_reading(
    model: Model, reading: Reading, edits: Iterable[Edit] = (), places: Sequence[int] | None = None
) -> tuple[dict[str, Attention], Any]:
    """(`attend_all` of a text that has been read, the outputs of that pass).

    places: the only tokens whose logits are asked for; see `attnlit.attention.forward.forward`.
    """
    from attnlit.attention.recorder import Recorder

    recorder = Recorder(model.sites)
    outputs = forward(model, [reading.inputs], recorder, edits, places=places)
    records = {}
    for kind in model.kinds:
        weights, layer_inputs = recorder.kind(kind)
        record = record_of(model, kind, reading, weights)
        records[kind] = replace(record, inputs=layer_inputs, why_no_vectors=model.why_no_vectors)
    return records, outputs


def attend_together(model: Model, readings: Sequence[Reading], kind: str) -> list[Attention]:
    """The attention of several texts of equal lengths from one forward pass: weights only, no q and k.

    Nothing is padded, so each text's record is what it has alone, up to rounding.
    """
    together = weights_together(model, [reading.inputs for reading in readings], kind)
    return [
        record_of(model, kind, reading, weights) for reading, weights in zip(readings, together, strict=True)
    ]


def record_of(model: Model, kind: str, reading: Reading, weights: np.ndarray) -> Attention:
    """The record of one text without queries and keys. weights: (L, H, Q, K)

    Raises AttnlitError for weights that are no numbers, which any comparison of theirs would hide, or that
    are not of the text's tokens.
    """
    if np.isnan(weights).any():
        raise AttnlitError(
            f"{model.name} computes numbers that are not finite for this text. Try another one."
        )
    source, target = reading.source, reading.target
    sides = {"cross": (target, source), "decoder": (target, target)}
    query, key = (source if side is None else side for side in sides.get(kind, (source, source)))
    if weights.shape[2:] != (len(query.tokens), len(key.tokens)):
        from attnlit.attention.recorder import more_than_tokens

        raise more_than_tokens()
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
        layer_numbers=model.numbers_by_kind[kind],
        layer_kinds=model.layer_kinds if kind == model.kinds[0] else (),
    )
