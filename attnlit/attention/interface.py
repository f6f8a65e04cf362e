"""The first way to see attention: stand in for the attention function that transformers lets us register.

Our function receives queries and keys after rotation and normalisation, and hands on to the eager function of
the module's own file, so that soft caps, sinks and position biases stay exactly the model's own.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import eager_mask

from attnlit.attention import apply
from attnlit.attention.edits import Edit
from attnlit.attention.recorder import Call, OnCall

NAME = "attnlit"  # the attention implementation that a model is switched to when it is loaded


@dataclass(eq=False)
class _Pass:
    """What to do with the calls of one forward pass."""

    on_call: OnCall
    edits: Sequence[tuple[Edit, ...]]  # of each call; empty where nothing is changed
    calls: int = 0

    def next_edits(self) -> tuple[Edit, ...]:
        self.calls += 1
        return self.edits[self.calls - 1] if self.edits else ()


# The forward pass that this thread runs; threads that share a model never meet.
_pass: ContextVar[_Pass | None] = ContextVar("attnlit_pass", default=None)


@contextmanager
def recording(on_call: OnCall, edits: Sequence[tuple[Edit, ...]] = ()) -> Iterator[None]:
    """Hands every attention call of the one forward pass that runs inside to `on_call`, after its edits."""
    token = _pass.set(_Pass(on_call, edits))
    try:
        yield
    finally:
        _pass.reset(token)


def _attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None = None,
    **options: Any,
) -> tuple[torch.Tensor, torch.Tensor]:
    own_eager = eager_function_of(type(module))  # type: ignore[arg-type]  # mypy takes the class for a module
    running = _pass.get()
    edits = () if running is None else running.next_edits()
    cut = None
    if edits:
        query = apply.dimensions_removed(query, edits)
        cut = apply.edges_cut(edits, (*query.shape[:3], key.shape[2]), query.device)
    if cut is not None:
        mask = query.new_zeros(cut.shape) if attention_mask is None else attention_mask
        attention_mask = apply.masked(mask, cut)
    output, weights = own_eager(module, query, key, value, attention_mask, **options)
    if cut is not None:
        apply.check_cut(weights, cut)
    if edits:
        weights = apply.attention_given(weights, edits)
        by_head = apply.of_given(output.transpose(1, 2), weights, value, edits)  # (T, H, Q, d)
        by_head = apply.output_given(by_head, edits)
        output = apply.heads_off(by_head, edits).transpose(1, 2).contiguous()
    if running is not None:
        scaling = options.get("scaling")
        sinks = options.get("s_aux", options.get("sinks"))
        running.on_call(
            Call(
                weights=weights,
                query=query,
                key=key,
                scaling=query.shape[-1] ** -0.5 if scaling is None else float(scaling),
                softcap=options.get("softcap"),
                bias=options.get("position_bias"),
                mask=attention_mask,
                sinks=None if sinks is None else sinks.reshape(-1),
                value=value,
                output=output,
            )
        )
    return output, weights


@cache
def eager_function_of(kind: type) -> Callable[..., tuple[torch.Tensor, torch.Tensor]]:
    """The eager function that the modeling file of this attention module uses itself."""
    for parent in kind.__mro__:
        names_there = vars(sys.modules.get(parent.__module__, sys))
        forward = vars(parent).get("forward")
        used = inspect.unwrap(forward).__code__.co_names if forward is not None else ()
        for name in [
            *(each for each in used if each.endswith("eager_attention_forward")),
            "eager_attention_forward",
        ]:
            if name in names_there:
                return names_there[name]
    raise LookupError(f"no eager attention function in the file of {kind.__name__}")


AttentionInterface.register(NAME, _attention)
# Without a mask of the same name the models would get none, and causal ones silently see the future.
AttentionMaskInterface.register(NAME, eager_mask)
