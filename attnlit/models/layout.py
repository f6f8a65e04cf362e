"""Where models keep the matrices of a head's direct path, for the architectures that are known: one row each.

Everything else in attnlit is found by proof, for any architecture; only what follows a token past all layers
(Elhage et al. 2021, “A mathematical framework for transformer circuits”) needs these names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

    from attnlit.models.model import Model


@dataclass(frozen=True)
class Layout:
    """The parts of one architecture, each found from the model's module or from one of its blocks."""

    architectures: tuple[str, ...]
    blocks: Callable[[Any], Any]  # of the module: its layers, in order
    last_norm: Callable[[Any], Any]  # of the module: the norm before the unembedding
    norm: Callable[[Any], Any]  # of a block: the norm before its attention
    values: Callable[[Any], Tensor]  # of a block: W_V, (width, key heads · d)
    output: Callable[[Any], Tensor]  # of a block: W_O, (heads · d, width)


_LAYOUTS = (
    Layout(
        architectures=("gpt2",),
        blocks=lambda module: module.transformer.h,
        last_norm=lambda module: module.transformer.ln_f,
        norm=lambda block: block.ln_1,
        values=lambda block: block.attn.c_attn.weight.chunk(3, dim=1)[2],  # query, key, value in a row
        output=lambda block: block.attn.c_proj.weight,
    ),
    Layout(
        architectures=("llama", "mistral", "qwen2", "qwen3"),
        blocks=lambda module: module.model.layers,
        last_norm=lambda module: module.model.norm,
        norm=lambda block: block.input_layernorm,
        values=lambda block: block.self_attn.v_proj.weight.T,
        output=lambda block: block.self_attn.o_proj.weight.T,
    ),
)


def layout_of(model: Model) -> Layout | None:
    """Where this model keeps its matrices, or None where its architecture has no row."""
    return next((each for each in _LAYOUTS if model.architecture in each.architectures), None)
