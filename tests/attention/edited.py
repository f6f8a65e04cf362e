"""What tests of edits share: a model with and without them, and a copy that is changed by hand.

The copy is opened by transformers alone and runs its own eager attention, with nothing of ours.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers

from attnlit.attention.edits import (
    Edit,
)
from attnlit.attention.forward import forward
from attnlit.attention.reading import read
from attnlit.models.model import Model
from tests import tiny

TEXT = "The cat sat on the mat, because it was tired."
PAIR = "The dog lay on the rug."
LAYER, HEAD = 1, 2
SIZE = tiny.WIDTH // tiny.HEADS

GetModel = Callable[[str], Model]
GetFolder = Callable[[str], Path]
every_architecture = pytest.mark.parametrize("architecture", list(tiny.ARCHITECTURES))
on_the_interface = pytest.mark.parametrize("architecture", ["bert", "gpt2", "llama", "gemma2", "t5", "bart"])

# Where the modules stand whose weights are changed by hand: (architecture, kind of attention) -> in layer 1.
OUTPUT = {
    ("gpt2", "self"): "transformer.h.1.attn.c_proj",
    ("bert", "self"): "bert.encoder.layer.1.attention.output.dense",
    ("distilbert", "self"): "distilbert.transformer.layer.1.attention.out_lin",
    ("llama", "self"): "model.layers.1.self_attn.o_proj",
    ("gemma2", "self"): "model.layers.1.self_attn.o_proj",
    ("gpt-oss", "self"): "model.layers.1.self_attn.o_proj",
    ("t5", "encoder"): "encoder.block.1.layer.0.SelfAttention.o",
    ("t5", "decoder"): "decoder.block.1.layer.0.SelfAttention.o",
    ("t5", "cross"): "decoder.block.1.layer.1.EncDecAttention.o",
    ("bart", "cross"): "model.decoder.layers.1.encoder_attn.out_proj",
    ("bloom", "self"): "transformer.h.1.self_attention.dense",
    ("gpt-neo", "self"): "transformer.h.1.attn.attention.out_proj",
    ("deberta-v2", "self"): "deberta.encoder.layer.1.attention.output.dense",
}
VALUE = {
    ("bert", "self"): "bert.encoder.layer.1.attention.self.value",
    ("llama", "self"): "model.layers.1.self_attn.v_proj",
    ("gpt-oss", "self"): "model.layers.1.self_attn.v_proj",
    ("t5", "cross"): "decoder.block.1.layer.1.EncDecAttention.v",
    ("gpt-neo", "self"): "transformer.h.1.attn.attention.v_proj",
    ("deberta-v2", "self"): "deberta.encoder.layer.1.attention.self.value_proj",
}
# (architecture, kind) -> (module that makes q, rows of its weights that make dimension d of the head's q).
# Rotation mixes dimension d with d + 4 alone, so that removing both is the same before and after it.
QUERY: dict[tuple[str, str], tuple[str, Callable[[int], int]]] = {
    ("gpt2", "self"): ("transformer.h.1.attn.c_attn", lambda d: HEAD * SIZE + d),
    ("bert", "self"): ("bert.encoder.layer.1.attention.self.query", lambda d: HEAD * SIZE + d),
    ("llama", "self"): ("model.layers.1.self_attn.q_proj", lambda d: HEAD * SIZE + d),
    ("gemma2", "self"): ("model.layers.1.self_attn.q_proj", lambda d: HEAD * SIZE + d),
    ("t5", "cross"): ("decoder.block.1.layer.1.EncDecAttention.q", lambda d: HEAD * SIZE + d),
    ("gpt-neo", "self"): ("transformer.h.1.attn.attention.q_proj", lambda d: HEAD * SIZE + d),
    ("bloom", "self"): ("transformer.h.1.self_attention.query_key_value", lambda d: HEAD * 3 * SIZE + d),
}


def ids(model: Model) -> dict[str, list[int]]:
    """What the model takes for the two texts."""
    return read(model, TEXT, PAIR).inputs


def logits(model: Model, edits: Iterable[Edit] = (), rows: int = 1) -> torch.Tensor:
    """(rows, tokens, words)"""
    return forward(model, [ids(model)] * rows, edits=edits).logits


def plain_copy(folder: Path, architecture: str) -> Any:
    """A copy of its own for each test, to be changed."""
    return copy.deepcopy(_plain(folder, architecture))


@cache
def _plain(folder: Path, architecture: str) -> Any:
    kind = tiny.ARCHITECTURES[architecture][0]
    module = getattr(transformers, kind).from_pretrained(
        folder, attn_implementation="eager", dtype=torch.float32
    )
    return module.eval().requires_grad_(False)


def plain_logits(module: Any, model: Model) -> torch.Tensor:
    with torch.no_grad():
        return module(**{name: torch.tensor([each]) for name, each in ids(model).items()}).logits


def largest_difference(first: torch.Tensor, second: torch.Tensor) -> float:
    """Relative to the logits' own size."""
    return float((first - second).abs().max() / second.abs().max())


def silence(projection: torch.nn.Module, heads: Iterable[int]) -> None:
    """Sets to 0 what an output projection multiplies these heads' outputs with."""
    for head in heads:
        rows(projection, turned=True)[head * SIZE : (head + 1) * SIZE] = 0


def rows(projection: torch.nn.Module, turned: bool = False) -> torch.Tensor:
    """The weights by output, or turned by input."""
    linear = isinstance(projection, torch.nn.Linear)  # GPT-2 keeps its weights the other way round
    return projection.weight if linear != turned else projection.weight.T


def edit_head(**options: Any) -> dict[str, Any]:
    return {"kind": "self", "layer": LAYER, "heads": (HEAD,), **options}


def telling_edge(weights: np.ndarray) -> tuple[int, int]:
    """The (query, key) whose weight is nearest to a half: cutting it changes much, and leaves much."""
    query, key = np.unravel_index(np.abs(weights - 0.5).argmin(), weights.shape)
    return int(query), int(key)
