"""The first way to see attention: stand in for the attention function that transformers lets us register.

Our function receives queries and keys after rotation and normalisation, and hands on to the eager function of
the module's own file, so that soft caps, sinks and position biases stay exactly the model's own.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

import torch
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import eager_mask

from attnlit.attention.recorder import Call, Take

NAME = "attnlit"  # the attention implementation that a model is switched to when it is loaded

# What to do with the calls of the forward pass that this thread runs; threads that share a model never meet.
_take: ContextVar[Take | None] = ContextVar("attnlit_take", default=None)


@contextmanager
def taking(take: Take) -> Iterator[None]:
    """Hands every attention call of the models that run inside to `take`."""
    token = _take.set(take)
    try:
        yield
    finally:
        _take.reset(token)


def _attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None = None,
    **options: Any,
) -> tuple[torch.Tensor, torch.Tensor]:
    own_eager = _own_eager(type(module))  # type: ignore[arg-type]  # mypy takes the class for a module
    output, weights = own_eager(module, query, key, value, attention_mask, **options)
    take = _take.get()
    if take is not None:
        scaling = options.get("scaling")
        sinks = options.get("s_aux", options.get("sinks"))
        take(
            Call(
                weights=weights,
                query=query,
                key=key,
                scaling=query.shape[-1] ** -0.5 if scaling is None else float(scaling),
                softcap=options.get("softcap"),
                bias=options.get("position_bias"),
                mask=attention_mask,
                sinks=None if sinks is None else sinks.reshape(-1),
            )
        )
    return output, weights


@cache
def _own_eager(kind: type) -> Callable[..., tuple[torch.Tensor, torch.Tensor]]:
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
