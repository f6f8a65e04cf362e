"""A loaded model: what the rest of the house may know about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True, eq=False)
class Model:
    """One loaded model, shared by every session and thread: nobody writes to it after loading."""

    name: str  # what the user asked for: a bundled name, a hub id or a folder's name
    module: torch.nn.Module  # in eval mode, float32
    tokenizer: PreTrainedTokenizerBase
    kinds: tuple[str, ...]  # ("self",) or ("encoder", "decoder", "cross")
    layers: int
    heads: int  # query heads a layer
    head_size: int
    causal: bool  # its self-attention sees only earlier tokens
    pairs: str  # "segments": knows sentence pairs; "joined": two texts in a row; "target": the second is the target
    max_tokens: int  # the most positions that the model takes
    masked: bool  # predicts [MASK] rather than the next word
    notes: tuple[str, ...] = ()  # sentences to show beside the model, such as "this checkpoint has no trained head"
