"""The next token of a text that grows by one token at a time.

Where a model keeps the keys and values of what it has read, each step is a pass of the newest token alone, so
that an answer takes time in proportion to its length. Not every model does, and some do it wrongly once a
window is full or a state is carried on. So the first step of a model, and then each one at which the text has
twice the length that was tried, is also run as a pass of the whole text. Where the two differ, or the model
fails at it, that model reads the whole text at every step.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from attnlit.attention.forward import keeps_logits, slot
from attnlit.attention.numbers import to_numpy
from attnlit.models import limits

if TYPE_CHECKING:
    import torch

    from attnlit.models.model import Model

TOLERANCE = 1e-4  # of logits, relative to the largest: what another order of adding up may change
# What models call their keys and values, as an argument and among their outputs; the first since 2026.
_NAMES = ("cache", "past_key_values")
_NEVER = -1  # in place of a length: the model's kept keys and values are not to be trusted


class Steps:
    """A text, and what a model keeps of it from step to step.

    inputs: (1, N) tensors by the model's arguments. grows: the one that new tokens are put at the end of,
    "input_ids" or, of an encoder-decoder, "decoder_input_ids".
    """

    def __init__(self, model: Model, inputs: Mapping[str, torch.Tensor], grows: str) -> None:
        self._model = model
        self._inputs: dict[str, Any] = {**inputs}
        self._grows = grows
        # Keys and values of all tokens but the newest; None where the next step reads the whole text.
        self._kept: Any = None

    def add(self, ids: Sequence[int]) -> None:
        """Put these tokens at the end; of a decoder's other arguments, the last number goes on."""
        import torch

        if not ids:
            return
        new = torch.tensor([[*ids]], device="cpu")
        if self._grows in self._inputs:
            new = torch.cat([self._inputs[self._grows], new], dim=1)
        if self._grows == "input_ids":
            for name, each in self._inputs.items():
                self._inputs[name] = torch.cat([each, each[:, -1:].expand(1, len(ids))], dim=1)
        self._inputs[self._grows] = new

    def logits(self) -> np.ndarray:
        """Of the token that comes next, float32 (words,). To be asked for once after each token."""
        outputs = None if self._kept is None else self._newest_read()
        if outputs is None:
            outputs = self._all_read()
        self._keep(outputs)
        return to_numpy(outputs.logits[0, -1])

    def _all_read(self) -> Any:
        if _keeps_as(self._model):
            try:
                return _run(self._model, self._inputs, use_cache=True)
            except Exception:  # whatever a model's own file raises where it cannot
                _tried[self._model.module] = _NEVER
        return _run(self._model, self._inputs)

    def _newest_read(self) -> Any:
        """What a pass of the newest token gives; None where the model cannot run it, or runs it wrongly."""
        module = self._model.module
        length = self._inputs[self._grows].shape[1]
        whole = None
        try:
            options = {_keeps_as(self._model): self._kept, "use_cache": True}
            outputs = _run(self._model, self._newest(), **options)
            if length >= 2 * _tried.get(module, 0):
                whole = _run(self._model, self._inputs)
                if not _alike(outputs.logits[0, -1], whole.logits[0, -1]):
                    raise ValueError("another pass gives other numbers")
                _tried[module] = length
        except Exception:
            _tried[module], self._kept = _NEVER, None
            return whole
        return outputs

    def _newest(self) -> dict[str, Any]:
        """The arguments of a pass of the last token alone; a mask still covers all."""
        if self._grows == "input_ids":
            return {
                name: each if name == "attention_mask" else each[:, -1:]
                for name, each in self._inputs.items()
            }
        return {**self._inputs, self._grows: self._inputs[self._grows][:, -1:]}

    def _keep(self, outputs: Any) -> None:
        """Keep what the next step can begin from: what an encoder has read, and keys and values."""
        from transformers.cache_utils import Cache
        from transformers.modeling_outputs import MoEModelOutput

        encoded = outputs.get("encoder_last_hidden_state")
        if encoded is not None:
            names = ("attention_mask", self._grows)
            kept = {name: self._inputs[name] for name in names if name in self._inputs}
            # It has every field that a decoder may look for, those of experts' routers too.
            self._inputs = {**kept, "encoder_outputs": MoEModelOutput(last_hidden_state=encoded)}
        found = outputs.get(_keeps_as(self._model))
        self._kept = found if isinstance(found, Cache) and _has_room(self, _bytes(found)) else None
        if self._kept is None:
            with _counting:
                _held.pop(self, None)


# By module: the length of the longest text at which both ways gave the same, or `_NEVER`.
_tried: WeakKeyDictionary[Any, int] = WeakKeyDictionary()
# The bytes that each text's keys and values take.
_held: WeakKeyDictionary[Steps, int] = WeakKeyDictionary()
_counting = threading.Lock()


def _has_room(steps: Steps, size: int) -> bool:
    """Whether this text may keep this many bytes, besides those that others keep; alone it always may."""
    with _counting:
        _held.pop(steps, None)
        others = sum(_held.values())
        if others and others + size > limits.written_megabytes() * 1e6:
            return False
        _held[steps] = size
        return True


def _bytes(kept: Any) -> int:
    """How much memory keys and values take, and whatever else a layer carries on."""
    import torch
    from transformers.cache_utils import Cache, CacheLayerMixin

    if isinstance(kept, torch.Tensor):
        return kept.nbytes
    if isinstance(kept, Cache | CacheLayerMixin):
        return sum(map(_bytes, vars(kept).values()))
    if isinstance(kept, dict):
        return sum(map(_bytes, kept.values()))
    return sum(map(_bytes, kept)) if isinstance(kept, list | tuple) else 0


def _keeps_as(model: Model) -> str:
    """What a model calls the keys and values that it keeps; empty where it keeps none that can be trusted."""
    if "use_cache" not in model.takes or _tried.get(model.module, 0) == _NEVER:
        return ""
    return next((name for name in _NAMES if name in model.takes), "")


def _alike(found: torch.Tensor, expected: torch.Tensor) -> bool:
    """Whether two rows of logits differ by no more than rounding does."""
    import torch

    tolerance = max(TOLERANCE, 4 * torch.finfo(expected.dtype).eps)
    difference = float((found - expected).abs().max())
    return difference <= tolerance * float(expected.abs().max())


@cache
def _writers() -> threading.BoundedSemaphore:
    """Held by a step of writing, so that many who let models write leave a slot for everybody else's pass."""
    return threading.BoundedSemaphore(max(1, limits.forwards_at_once() - 1))


def _run(model: Model, tensors: dict[str, Any], **options: Any) -> Any:
    from attnlit.attention import routes

    if keeps_logits(model):
        options["logits_to_keep"] = 1
    with _writers(), slot():
        return routes.run(model.module, tensors, **options)
