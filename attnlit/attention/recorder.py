"""Turns the attention calls of one forward pass into arrays that the record owns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch

from attnlit.attention.numbers import to_numpy
from attnlit.attention.record import frozen
from attnlit.attention.vectors import LayerInputs
from attnlit.errors import AttnlitError
from attnlit.models.model import Site


@dataclass(frozen=True, eq=False)
class Call:
    """One attention call as the model made it. Tensors have a batch of 1 in front."""

    weights: torch.Tensor  # (1, H, Q, K)
    query: torch.Tensor | None = None  # (1, H, Q, d)
    key: torch.Tensor | None = None  # (1, G, K, d)
    scaling: float = 1.0
    softcap: float | None = None
    bias: torch.Tensor | None = None  # (1, 1 or H, Q, K)
    mask: torch.Tensor | None = None  # (1, 1 or H, Q, K)
    logits: torch.Tensor | None = None  # (1, H, Q, K), where the scores themselves were seen
    sinks: torch.Tensor | None = None  # (H,)
    value: torch.Tensor | None = None  # (1, G, K, value size)
    # What all heads put out, after any edit: the very tensor that the model goes on with, in its own shape.
    output: torch.Tensor | None = None


OnCall = Callable[[Call], None]  # what a capture path hands its calls to, in the order of the forward pass


@dataclass(eq=False)
class Recorder:
    """Copies each call into numpy as soon as it is made, so that no tensor of the model outlives the pass."""

    sites: tuple[Site | None, ...]
    # By kind: float32 (L, H, Q, K).
    weights: dict[str, np.ndarray] = field(default_factory=dict)
    # By kind and row of `weights`.
    inputs: dict[tuple[str, int], LayerInputs] = field(default_factory=dict)
    # What each head puts out, its weights times its values: float32 (H, Q, d), where it is asked for.
    keep_outputs: bool = False
    outputs: dict[tuple[str, int], np.ndarray] = field(default_factory=dict)
    _calls: int = 0
    # Masks and biases that several layers share, by place in memory; the tensor keeps its place taken.
    _shared: dict[tuple[int, ...], tuple[torch.Tensor, np.ndarray | None]] = field(default_factory=dict)

    def take(self, call: Call) -> None:
        site = self.sites[self._calls]
        self._calls += 1
        if site is not None:
            self._put(site.kind, site.row, call)

    def take_reported(self, matrices: dict[tuple[str, int], torch.Tensor]) -> None:
        """The matrices that the model itself reported, by kind and row, where its calls cannot be seen."""
        for (kind, row), weights in matrices.items():
            self._put(kind, row, Call(weights=weights))

    def _put(self, kind: str, row: int, call: Call) -> None:
        if kind not in self.weights:
            layers = sum(site is not None and site.kind == kind for site in self.sites)
            self.weights[kind] = np.empty((layers, *call.weights.shape[1:]), dtype=np.float32)
        if self.weights[kind].shape[1:] != call.weights.shape[1:]:
            raise more_than_tokens()
        self.weights[kind][row] = to_numpy(call.weights[0])
        if self.keep_outputs and call.value is not None:
            self.outputs[kind, row] = to_numpy(_head_outputs(call))
        if call.query is not None:
            self.inputs[kind, row] = layer_inputs(call, self._share)

    def kind(self, kind: str) -> tuple[np.ndarray, tuple[LayerInputs, ...]]:
        """(weights, inputs of all layers) of one kind, read-only; no inputs where only weights were seen."""
        weights = frozen(self.weights[kind])
        rows = ((kind, row) for row in range(len(weights)))
        return weights, tuple(self.inputs[each] for each in rows if each in self.inputs)

    def _share(self, tensor: torch.Tensor) -> np.ndarray | None:
        place = (tensor.data_ptr(), *tensor.shape, *tensor.stride())
        if place not in self._shared:
            self._shared[place] = (tensor, _added(tensor))
        return self._shared[place][1]


class AllSeen(Exception):
    """Ends a forward pass: what comes after the last weights that were asked for changes none of them."""


@dataclass(eq=False)
class WeightsRecorder:
    """Copies the weights of one kind, of every text of a batch; nothing else is kept."""

    sites: tuple[Site | None, ...]
    kind: str
    # Raise AllSeen when the last of them is there.
    ends: bool = False
    layers: dict[int, np.ndarray] = field(default_factory=dict)  # float32 (T, H, Q, K)
    _calls: int = 0

    def take(self, call: Call) -> None:
        site = self.sites[self._calls]
        self._calls += 1
        if site is not None and site.kind == self.kind:
            self.layers[site.row] = to_numpy(call.weights)
            if self.ends and not any(each is not None and each.kind == self.kind for each in self._to_come):
                raise AllSeen

    def take_reported(self, matrices: dict[tuple[str, int], torch.Tensor]) -> None:
        """The matrices that the model itself reported, by kind and row, where its calls cannot be seen."""
        self.layers.update(
            {row: to_numpy(weights) for (kind, row), weights in matrices.items() if kind == self.kind}
        )

    @property
    def _to_come(self) -> tuple[Site | None, ...]:
        return self.sites[self._calls :]

    def texts(self) -> np.ndarray:
        """float32 (T, L, H, Q, K), read-only."""
        layers = [self.layers[row] for row in range(len(self.layers))]
        if any(each.shape != layers[0].shape for each in layers):
            raise more_than_tokens()
        return frozen(np.stack(layers, axis=1, dtype=np.float32))


def more_than_tokens() -> AttnlitError:
    """The mistake for columns that stand for several tokens, as DeepSeek-V4 has in long texts."""
    return AttnlitError(
        "For a text of this length some layers of this model look at summaries of several tokens, too, and "
        "attnlit has no picture for that. Shorten the text."
    )


def _head_outputs(call: Call) -> torch.Tensor:
    """(H, Q, d): before the output projection, and before anything that the model does to it on the way."""
    assert call.value is not None
    weights, value = call.weights[0], call.value[0]
    of_heads = value.repeat_interleave(len(weights) // len(value), 0)  # heads may share values
    return (weights.to(value.dtype) @ of_heads).float()


def _copy(tensor: torch.Tensor) -> np.ndarray:
    """The first of the batch as float32 that the record owns."""
    return frozen(np.array(to_numpy(tensor[0].float()), dtype=np.float32, order="C"))


def _added(tensor: torch.Tensor) -> np.ndarray | None:
    """A mask or bias of the first of the batch, or None if it adds nothing."""
    return _copy(tensor) if tensor.any() else None


def layer_inputs(call: Call, share: Callable[[torch.Tensor], np.ndarray | None] = _added) -> LayerInputs:
    """What entered the softmax of one call; `share` copies what may belong to many layers (masks, biases)."""
    assert call.query is not None
    assert call.key is not None
    return LayerInputs(
        q=_copy(call.query),
        k=_copy(call.key),
        scaling=call.scaling,
        softcap=call.softcap,
        bias=None if call.bias is None else share(call.bias),
        mask=None if call.mask is None else share(call.mask),
        logits=None if call.logits is None else _copy(call.logits),
        sinks=None if call.sinks is None else _copy(call.sinks[None]),
    )
