"""What the heads of a model bring, multiplied out from its weight matrices."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any
from unittest.mock import patch

import numpy as np
import torch

from attnlit.attention import attend
from attnlit.attention.reading import read
from attnlit.models.model import Model
from tests import tiny

TEXT = "The cat sat on the mat, because it was tired."
PAIR = "The dog lay on the rug."


@contextmanager
def inputs_of(parts: list[Any]) -> Iterator[list[torch.Tensor]]:
    """The first argument of each part's call, (N, D), in the order of the calls."""
    seen: list[torch.Tensor] = []
    hooks = [part.register_forward_pre_hook(lambda _, given: seen.append(given[0][0])) for part in parts]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()


def run(model: Model, text: str, pair: str | None = None) -> None:
    tensors = {name: torch.tensor([ids]) for name, ids in read(model, text, pair).inputs.items()}
    with torch.no_grad():
        model.module(**tensors)


def brought(weights: np.ndarray, values: torch.Tensor, projection: torch.Tensor) -> torch.Tensor:
    """c[h, i, j], (H, Q, K, D), all of it: weights (H, Q, K), values (H, K, d), projection (H, d, D)."""
    return torch.einsum("hqk,hkd,hdw->hqkw", torch.tensor(weights), values, projection)


def by_hand(model: Model, text: str, pair: str | None = None) -> list[torch.Tensor]:
    """c[h, i, j] of every layer of a GPT-2, Llama or BERT, from its weight matrices."""
    record = attend(model, text, pair)
    module: Any = model.module
    heads, size = tiny.HEADS, tiny.WIDTH // tiny.HEADS
    if model.architecture == "gpt2":
        parts = [block.attn.c_attn for block in module.transformer.h]
        projections = [block.attn.c_proj.weight for block in module.transformer.h]
    elif model.architecture == "llama":
        parts = [block.self_attn.v_proj for block in module.model.layers]
        projections = [block.self_attn.o_proj.weight.T for block in module.model.layers]
    else:
        parts = [block.attention.self.value for block in module.bert.encoder.layer]
        projections = [block.attention.output.dense.weight.T for block in module.bert.encoder.layer]
    with inputs_of(parts) as seen:
        run(model, text, pair)
    found = []
    for layer, (part, entered, projection) in enumerate(zip(parts, seen, projections, strict=True)):
        if model.architecture == "gpt2":
            values = (entered @ part.weight + part.bias)[:, 2 * tiny.WIDTH :]
        else:
            values = entered @ part.weight.T + (0 if part.bias is None else part.bias)
        values = values.unflatten(-1, (-1, size)).transpose(0, 1)  # (key heads, K, d)
        values = values.repeat_interleave(heads // len(values), 0)
        found.append(brought(record.weights[layer], values, projection.unflatten(0, (heads, size))))
    return found


@contextmanager
def one_weight_at_0(layer: int, head: int, query: int, key: int) -> Iterator[None]:
    """One weight of the attention layer of this place is 0, in a model whose own code calls softmax."""
    softmax, calls = torch.nn.functional.softmax, count()

    def changed(scores: torch.Tensor, *arguments: Any, **options: Any) -> torch.Tensor:
        weights = softmax(scores, *arguments, **options)
        if weights.dim() == 4 and next(calls) == layer:  # others choose experts
            weights[:, head, query, key] = 0
        return weights

    with patch.object(torch.nn.functional, "softmax", changed):
        yield
