"""The ways to see attention, and how a pass is run in each.

"interface": our function stands in for the model's own; "trace": the numbers are followed through the pass;
"weights": the model reports its weights, and nothing else is seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
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
    checked = nullcontext() if module.device.type == "cpu" else RowsExist()
    with torch.inference_mode(), torch.autocast(module.device.type, enabled=False), checked:
        return module(**there, **options)


class RowsExist(TorchFunctionMode):
    """The context in which a row that an embedding lacks is an IndexError, as it is on a processor.

    On a GPU it is none: CUDA gives up every later call of the process, and others read whatever lies there.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.nn.functional.embedding:
            ids, weight = _ids_and_rows(*args, **(kwargs or {}))
            if ids.numel() and not (ids.min() >= 0 and ids.max() < len(weight)):
                raise IndexError(f"an embedding of {len(weight)} rows is asked for one that it lacks")
        return func(*args, **(kwargs or {}))


def _ids_and_rows(input: Any, weight: Any, *_: Any, **__: Any) -> tuple[Any, Any]:
    """The first two arguments of `torch.nn.functional.embedding`, under its names for them."""
    return input, weight


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
