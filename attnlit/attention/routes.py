"""The ways to see attention, and how a pass is run in each.

"interface": our function stands in for the model's own; "trace": the numbers are followed through the pass;
"weights": the model reports its weights, and nothing else is seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any

import torch
from transformers import PreTrainedModel

from attnlit.attention import interface
from attnlit.attention.edits import Edit
from attnlit.attention.recorder import OnCall
from attnlit.attention.trace import Trace


def recording(
    route: str, on_call: OnCall, edits: Sequence[tuple[Edit, ...]] = ()
) -> AbstractContextManager[Any]:
    """The context in which one forward pass hands its attention calls to `on_call`.

    edits: of each call, in the order of the forward pass; empty where nothing is changed.
    """
    return interface.recording(on_call, edits) if route == "interface" else Trace(on_call, edits)


@contextmanager
def whereabouts(module: PreTrainedModel) -> Iterator[list[int]]:
    """A list whose last item is the number of the layer that a pass inside is in; empty between two layers.

    A layer's number is the first in the names of its modules: 3 of `model.layers.3.self_attn`. Not for models
    that others run at the same time: it hangs hooks on the module.
    """
    inside: list[int] = []
    hooks = []
    for name, part in module.named_modules():
        *above, number = name.split(".")
        if number.isdigit() and not any(each.isdigit() for each in above):
            enter = partial(_enter, inside, int(number))
            hooks += [
                part.register_forward_pre_hook(enter),
                part.register_forward_hook(partial(_leave, inside)),
            ]
    try:
        yield inside
    finally:
        for hook in hooks:
            hook.remove()


def _enter(inside: list[int], number: int, *_: Any) -> None:
    inside.append(number)


def _leave(inside: list[int], *_: Any) -> None:
    inside.pop()


def run(module: PreTrainedModel, inputs: dict[str, torch.Tensor], **options: Any) -> Any:
    """One forward pass without gradients, on the model's own device: the model's outputs.

    In the model's own number type, too, whatever `torch.autocast` the caller stands in: weights and scores
    agree as they were proven to.
    """
    there = {
        name: each.to(module.device) if isinstance(each, torch.Tensor) else each
        for name, each in inputs.items()
    }
    with torch.inference_mode(), torch.autocast(module.device.type, enabled=False):
        return module(**there, **options)


def reported(outputs: Any) -> dict[tuple[str, int], torch.Tensor]:
    """The attention matrices that the model reports, by kind and layer: (1, H, Q, K) each."""
    kinds = {"encoder_attentions": "encoder", "decoder_attentions": "decoder", "cross_attentions": "cross"}
    matrices = _matrices(outputs, kinds) or _matrices(outputs, {"attentions": "self"})
    return {(kind, layer): matrix for kind, layers in matrices.items() for layer, matrix in enumerate(layers)}


def _matrices(outputs: Any, kinds: dict[str, str]) -> dict[str, list[torch.Tensor]]:
    """The matrices of each kind that has any: of layers without such attention a model reports None."""
    found = {
        kind: [each for each in outputs.get(name) or () if isinstance(each, torch.Tensor)]
        for name, kind in kinds.items()
    }
    return {kind: layers for kind, layers in found.items() if layers}
