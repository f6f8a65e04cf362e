"""Finds a way to see a model's attention, and proves it on a tiny input before anybody looks at a picture.

A way is taken only if, with it, the model computes what it computes without it, every attention matrix that
the model itself reports is among those seen, and the softmax of the recorded scores gives these matrices.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import fields
from typing import Any

import numpy as np
import torch
from transformers import PreTrainedModel

from attnlit.attention import interface, tokens
from attnlit.attention.edits import Edit
from attnlit.attention.record import LayerInputs
from attnlit.attention.recorder import Call, OnCall, layer_inputs
from attnlit.attention.trace import Trace
from attnlit.errors import AttnlitError
from attnlit.models.model import Checkpoint, Model, Site

PROBE_TOKENS = 9
PROBE_TARGET_TOKENS = (
    6  # another length than the source's, so that no cross-attention passes for self-attention
)
LOGITS_TOLERANCE = 1e-4  # relative to the logits' own size
WEIGHTS_TOLERANCE = 1e-6
SOFTMAX_TOLERANCE = 1e-5


class _Unproven(Exception):
    """Why one way does not show this model's attention."""


def prove(checkpoint: Checkpoint) -> Model:
    """The model with the first way of recording that holds for it. Raises AttnlitError if none does."""
    module = checkpoint.module
    probe = probe_inputs(checkpoint)
    module.set_attn_implementation("eager")
    try:
        expected = run(module, probe, output_attentions=True)
    except Exception as error:
        raise AttnlitError(
            f"“{checkpoint.name}” cannot read plain text ({type(error).__name__}). Choose a text model."
        ) from error
    matrices = reported(expected)
    _check_shapes(checkpoint.name, matrices)
    reasons = []
    for route in ("interface", "trace"):
        try:
            sites, calls = _try(route, module, probe, expected, matrices)
        except _Unproven as reason:
            reasons.append(str(reason))
            continue
        except Exception as error:  # whatever a model's own file raises means: not this way
            reasons.append(f"{type(error).__name__}: {error}")
            continue
        return _model(checkpoint, route, "", sites, matrices, calls)
    module.set_attn_implementation("eager")
    why_no_vectors = "its queries and keys could not be recorded (" + "; ".join(reasons) + ")."
    sites = [Site(kind, layer) for kind, layer in matrices]
    return _model(checkpoint, "weights", why_no_vectors, sites, matrices, [])


def recording(
    route: str, on_call: OnCall, edits: Sequence[tuple[Edit, ...]] = ()
) -> AbstractContextManager[Any]:
    """The context in which one forward pass hands its attention calls to `on_call`.

    edits: of each call, in the order of the forward pass; empty where nothing is changed.
    """
    return interface.recording(on_call, edits) if route == "interface" else Trace(on_call, edits)


def run(module: PreTrainedModel, inputs: dict[str, torch.Tensor], **options: Any) -> Any:
    """One forward pass without gradients: the model's outputs."""
    with torch.inference_mode():
        return module(**inputs, **options)


def reported(outputs: Any) -> dict[tuple[str, int], torch.Tensor]:
    """The attention matrices that the model reports, by kind and layer: (1, heads, queries, keys) each."""
    kinds = {"encoder_attentions": "encoder", "decoder_attentions": "decoder", "cross_attentions": "cross"}
    if not any(outputs.get(name) for name in kinds):
        kinds = {"attentions": "self"}
    found = {}
    for name, kind in kinds.items():
        layers = [each for each in outputs.get(name) or () if isinstance(each, torch.Tensor)]
        found.update({(kind, layer): matrix for layer, matrix in enumerate(layers)})
    return found


def softmax_error(inputs: LayerInputs, weights: np.ndarray) -> float:
    """Largest difference of the recorded scores' softmax from the weights (heads, queries, keys)."""
    worst = 0.0
    for head, expected in enumerate(weights):
        vectors = inputs.vectors(head)
        scores = vectors.scores
        if vectors.sink is not None:
            scores = np.column_stack([scores, np.full(len(scores), vectors.sink)])
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        softmax = (powers / powers.sum(axis=1, keepdims=True))[:, : expected.shape[1]]
        worst = max(worst, float(np.abs(softmax - expected).max()))
    return worst


def probe_inputs(checkpoint: Checkpoint) -> dict[str, torch.Tensor]:
    """Token ids spread over the vocabulary; the proof must not depend on what the tokenizer can spell."""
    config = checkpoint.module.config
    words = config.get_text_config(decoder=True).vocab_size
    special = set(checkpoint.tokenizer.all_special_ids)
    usual = [each for each in range(words // 2) if each not in special]  # rare and reserved ones come last

    def ids(count: int) -> torch.Tensor:
        return torch.tensor([[usual[int(each)] for each in np.linspace(0, len(usual) - 1, count)]])

    probe = {"input_ids": ids(PROBE_TOKENS)}
    if config.is_encoder_decoder:
        probe["decoder_input_ids"] = ids(PROBE_TARGET_TOKENS)
    return probe


def _check_shapes(name: str, matrices: dict[tuple[str, int], torch.Tensor]) -> None:
    """Raises AttnlitError for a model without attention, or without a full matrix in every layer."""
    if not matrices:
        raise AttnlitError(f"“{name}” reports no attention: there is nothing to show. Choose another model.")
    source, target = PROBE_TOKENS, PROBE_TARGET_TOKENS
    sides = {"decoder": (target, target), "cross": (target, source)}
    for (kind, _), matrix in matrices.items():
        full = tuple(matrix.shape[2:]) == sides.get(kind, (source, source))
        if not full or matrix.sum(-1).max() > 1 + 1e-3:
            raise AttnlitError(
                f"“{name}” does not weigh every token against every other one, so its attention has no full "
                "picture. Choose another model."
            )
        if matrix.shape != matrices[kind, 0].shape:
            raise AttnlitError(
                f"The layers of “{name}” have different numbers of heads. Choose another model."
            )


def _try(
    route: str,
    module: PreTrainedModel,
    probe: dict[str, torch.Tensor],
    expected: Any,
    matrices: dict[tuple[str, int], torch.Tensor],
) -> tuple[list[Site | None], list[Call]]:
    """The sites of the attention calls, and the calls themselves. Raises _Unproven with the reason."""
    if route == "interface":
        if not module._can_set_attn_implementation():
            raise _Unproven("its code does not use the attention interface of transformers")
        module.set_attn_implementation(interface.NAME)
    else:
        module.set_attn_implementation("eager")
    calls: list[Call] = []
    with recording(route, calls.append):
        outputs = run(module, probe)
    difference = _difference(expected, outputs)
    if difference > LOGITS_TOLERANCE:
        raise _Unproven(f"recording changed what the model computes, by {difference:.1g}")
    sites: list[Site | None] = [None] * len(calls)
    for (kind, layer), matrix in matrices.items():
        fits = [
            index
            for index, call in enumerate(calls)
            if sites[index] is None
            and call.weights.shape == matrix.shape
            and torch.allclose(call.weights, matrix, rtol=0, atol=WEIGHTS_TOLERANCE)
        ]
        if not fits:
            raise _Unproven(f"the {kind} attention of layer {layer} was not seen")
        sites[fits[0]] = Site(kind, layer)
    for site, call in zip(sites, calls, strict=True):
        if site is not None:
            if call.logits is not None and call.logits.shape != call.weights.shape:
                raise _Unproven(f"the softmax of layer {site.layer} is over more than its keys")
            error = softmax_error(layer_inputs(call), call.weights[0].numpy())
            if not error <= SOFTMAX_TOLERANCE:
                raise _Unproven(f"the scores of layer {site.layer} do not give its weights, by {error:.1g}")
    return sites, calls


def _difference(expected: Any, outputs: Any) -> float:
    """Largest difference of the models' first outputs (logits or hidden states), relative to their size."""
    first, second = (each.logits if "logits" in each else each[0] for each in (expected, outputs))
    return float((first - second).abs().max() / first.abs().max().clamp_min(1.0))


def _model(
    checkpoint: Checkpoint,
    route: str,
    why_no_vectors: str,
    sites: list[Site | None],
    matrices: dict[tuple[str, int], torch.Tensor],
    calls: list[Call],
) -> Model:
    kinds = tuple(dict.fromkeys(kind for kind, _ in matrices))
    of_kind = {kind: [matrix for (other, _), matrix in matrices.items() if other == kind] for kind in kinds}
    looking = of_kind["decoder" if "decoder" in kinds else kinds[0]]
    causal = all(bool((matrix.triu(1) == 0).all()) for matrix in looking)
    query = next((call.query for call, site in zip(calls, sites, strict=False) if site is not None), None)
    return Model(
        **{each.name: getattr(checkpoint, each.name) for each in fields(Checkpoint)},
        kinds=kinds,
        layers=len(of_kind[kinds[0]]),
        heads=of_kind[kinds[0]][0].shape[1],
        heads_by_kind={kind: of_kind[kind][0].shape[1] for kind in kinds},
        head_size=0 if query is None else query.shape[-1],
        causal=causal,
        pairs=tokens.pair_rule(checkpoint.tokenizer, encoder_decoder=len(kinds) > 1, causal=causal),
        capture_route=route,
        why_no_vectors=why_no_vectors,
        sites=tuple(sites),
    )
