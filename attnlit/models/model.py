"""A loaded model: what the rest of the house may know about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


@dataclass(frozen=True)
class Site:
    """One attention call of the forward pass; the i-th call is the same site for every text.

    Addressing by order and not by module keeps models right whose layers share one module (ALBERT).
    """

    kind: str  # "self", "encoder", "decoder" or "cross"
    layer: int  # counts from 0 within its kind


@dataclass(frozen=True, eq=False, kw_only=True)
class Checkpoint:
    """What a checkpoint's files say, before its attention has been looked at."""

    name: str  # to show: a bundled name, a hub id or a folder's last name
    source: str  # what `load` takes to open it again: the same, or the folder's whole path
    module: PreTrainedModel  # in eval mode, float32
    tokenizer: PreTrainedTokenizerBase
    max_tokens: int  # the most positions that the model takes
    masked: bool  # predicts [MASK] rather than the next word
    predicts: bool  # has a trained head that predicts words, so that its logits mean something
    notes: tuple[
        str, ...
    ] = ()  # sentences to show beside the model, such as "this checkpoint has no trained head"


@dataclass(frozen=True, eq=False, kw_only=True)
class Model(Checkpoint):
    """One loaded model, shared by every session and thread: nobody writes to it after loading."""

    kinds: tuple[str, ...]  # ("self",) or ("encoder", "decoder", "cross")
    layers: int  # of its first kind
    heads: int  # query heads a layer, of its first kind
    heads_by_kind: Mapping[str, int]
    head_size: int  # 0 where only the weights are recorded
    causal: bool  # its self-attention (an encoder-decoder's decoder) sees only earlier tokens
    pairs: str  # "segments": sentence pairs; "joined": two texts in a row; "target": the second is the target
    capture_route: (
        str  # how attention is recorded: "interface", "trace" or "weights" (no queries, keys and scores)
    )
    why_no_vectors: str = ""  # why the neuron view is not possible; empty where it is
    sites: tuple[Site | None, ...] = ()  # attention calls in forward order; None is one that nobody asks for

    def layers_of(self, kind: str) -> int:
        """Layers with attention of this kind: an encoder may have more of them than its decoder."""
        return sum(site is not None and site.kind == kind for site in self.sites)

    def heads_of(self, kind: str) -> int:
        """Query heads in each layer of this kind: a decoder may have fewer than its encoder."""
        return self.heads_by_kind[kind]
