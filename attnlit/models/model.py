"""A loaded model: what the rest of the house may know about it."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from attnlit.models.layers import layer_kinds
from attnlit.wording import InOneLine, one_line

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


# What the classes of a classifier are, in transformers' words: one of them is right for a text, or each is
# judged for itself; they are numbers; one is right for each token.
ONE_CLASS, SEVERAL_CLASSES = "single_label_classification", "multi_label_classification"
REGRESSION, EACH_TOKEN = "regression", "token_classification"


@dataclass(frozen=True)
class Site:
    """One attention call of the forward pass; the i-th call is the same site for every text.

    Addressing by order and not by module keeps models right whose layers share one module (ALBERT).
    """

    kind: str  # "self", "encoder", "decoder" or "cross"
    layer: int  # its number in the model
    row: int  # where it stands in arrays: the how-many-eth of its kind with attention, from 0


def arguments_of(model_class: type) -> frozenset[str]:
    """The names of all arguments of its forward pass; one that takes anything passes it on to its base's."""
    names: set[str] = set()
    for each in model_class.__mro__:
        if "forward" in vars(each):
            takes = inspect.signature(vars(each)["forward"]).parameters
            names |= {*takes}
            if not any(one.kind is one.VAR_KEYWORD for one in takes.values()):
                break
    return frozenset(names)


def class_name(said: str, number: int) -> str:
    """A class by what a configuration says it is called, which may be anything, or be missing."""
    return one_line(said, 60) or f"class {number}"


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Checkpoint(InOneLine):
    """What a checkpoint's files say, before its attention has been looked at."""

    name: str  # to show: a bundled name, a hub id or a folder's last name
    source: str  # what `load` takes to open it again: the same, or the folder's whole path
    # Which content this is, for caches: see `attnlit.models.identity`. Two models with one source, such as a
    # folder before and after it was saved anew, or a model and the same before its training, have two.
    identity: str
    module: PreTrainedModel  # in eval mode, float32
    tokenizer: PreTrainedTokenizerBase
    max_tokens: int  # the most positions that the model takes
    masked: bool  # predicts [MASK] rather than the next word
    predicts: bool  # has a trained head that predicts words, so that its logits mean something
    # The classes that a fine-tuned classifier tells apart, in the order of its logits; empty for all others.
    classes: tuple[str, ...] = ()
    # What its logits say of them: one of the words above; empty without classes.
    problem_type: str = ""
    # Sentences to show beside the model, such as "this checkpoint has no trained head".
    notes: tuple[str, ...] = ()

    def _said(self) -> str:
        return one_line(self.name)

    def __getstate__(self) -> dict[str, Any]:
        """What another process, or a file, gets of it."""
        from attnlit.models.sending import without_own_hooks

        return {**vars(self), "module": without_own_hooks(self.module)}

    def class_names(self, numbers: Iterable[int]) -> list[str]:
        """What the classes of these numbers are called; a name that nobody gave is “class 5”."""
        known = len(self.classes)
        return [self.classes[each] if each < known else class_name("", each) for each in map(int, numbers)]

    @cached_property
    def takes(self) -> frozenset[str]:
        """The names of all arguments of its forward pass."""
        # A function that somebody put in place of a model's own may pass on whatever it is given.
        own = frozenset(inspect.signature(self.module.forward).parameters)
        return own | arguments_of(type(self.module))

    @property
    def reads_twice(self) -> bool:
        """Whether the decoder reads the text itself, and no target: a classifier with encoder and decoder."""
        return bool(self.problem_type) and bool(self.module.config.is_encoder_decoder)

    @property
    def architecture(self) -> str:
        """The family of the model as its configuration names it: “gpt2”, “bert”, “llama” …"""
        return str(self.module.config.model_type)

    @property
    def depth(self) -> int:
        """Layers with and without attention; of an encoder-decoder, those of its decoder. 0: not known."""
        return int(getattr(self.module.config.get_text_config(decoder=True), "num_hidden_layers", 0))

    @property
    def vocabulary_size(self) -> int:
        """Rows of the input embedding: every token's id is below it. It may exceed the tokenizer's words."""
        return int(self.module.get_input_embeddings().weight.shape[0])

    @property
    def unembedding(self) -> Any:
        """What makes logits of the last state: a `weight` (words, D), perhaps a `bias`; or None."""
        return self.module.get_output_embeddings()

    @property
    def rotary(self) -> bool:
        """Whether queries and keys are turned by their position (RoPE) before they meet."""
        return bool(getattr(self.module.config.get_text_config(decoder=True), "rope_parameters", None))

    @property
    def mask_token(self) -> str:
        """The tokenizer's mark for a word that is left out, such as [MASK]; empty where it has none."""
        return str(self.tokenizer.mask_token or "")

    @property
    def mask_id(self) -> int | None:
        """The id of `mask_token`."""
        return self.tokenizer.mask_token_id

    @property
    def separator(self) -> str:
        """The tokenizer's mark between two sentences, such as [SEP]; empty where it has none."""
        return str(self.tokenizer.sep_token or "")

    @property
    def unknown_token(self) -> str:
        """The tokenizer's mark for what it does not know, such as [UNK]; empty where it has none."""
        return str(self.tokenizer.unk_token or "")

    @property
    def unknown_id(self) -> int | None:
        """The id of `unknown_token`."""
        return self.tokenizer.unk_token_id

    @property
    def first_id(self) -> int | None:
        """The id of the mark that begins a text (BOS), where the tokenizer has one."""
        return self.tokenizer.bos_token_id

    @cached_property
    def special_ids(self) -> frozenset[int]:
        """The ids of the tokenizer's marks: they stand for no word of a text."""
        return frozenset(self.tokenizer.all_special_ids)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Model(Checkpoint):
    """One loaded model, shared by every session and thread: nobody writes to it after loading."""

    # What its forward pass takes of a tokenizer's outputs, and of a target: "input_ids", "token_type_ids" ...
    arguments: tuple[str, ...]
    kinds: tuple[str, ...]  # ("self",) or ("encoder", "decoder", "cross")
    layers: int  # of its first kind
    heads: int  # query heads a layer, of its first kind
    heads_by_kind: Mapping[str, int]
    # By kind: the number of each layer in the model itself, of which others may have no attention.
    numbers_by_kind: Mapping[str, tuple[int, ...]]
    head_size: int  # 0 where only the weights are recorded
    causal: bool  # its self-attention (an encoder-decoder's decoder) sees only earlier tokens
    pairs: str  # "segments": sentence pairs; "joined": two texts in a row; "target": the second is the target
    # How attention is recorded: "interface", "trace" or "weights" (no queries, keys and scores).
    capture_route: str
    why_no_vectors: str = ""  # why the neuron view is not possible; empty where it is
    sites: tuple[Site | None, ...] = ()  # attention calls in forward order; None is one that nobody asks for
    # (call, earlier call) where the same attention is made once more, for other values (DiffLlama): what is
    # changed in the one is changed in both.
    repeats: tuple[tuple[int, int], ...] = ()
    # A head attends once more, to what is not shown (ProphetNet), so that no edit covers all that it does.
    attends_again: bool = False

    def _said(self) -> str:
        kinds = "" if self.kinds == ("self",) else f"{', '.join(self.kinds)}, "
        size = f" of {self.head_size} dimensions" if self.head_size else ""
        words = ("fills gaps" if self.masked else "predicts words") if self.predicts else "predicts no words"
        does = f"a classifier with {len(self.classes)} classes" if self.classes else words
        return f"{one_line(self.name)}, {kinds}{self.layers} layers × {self.heads} heads{size}, {does}"

    @property
    def layer_numbers(self) -> tuple[int, ...]:
        """The numbers in the model of its first kind's layers: (3, 7) where others have no attention."""
        return self.numbers_by_kind[self.kinds[0]]

    @cached_property
    def layer_kinds(self) -> tuple[str, ...]:
        """What each layer of its first kind is: "attention", "sliding window 512", "chunk 8192", "mamba" …

        See `attnlit.models.layers.layer_kinds`.
        """
        depth = self.depth if self.kinds == ("self",) else 0
        return layer_kinds(self.module, depth, self.layer_numbers)

    def layers_of(self, kind: str) -> int:
        """Layers with attention of this kind: an encoder may have more of them than its decoder."""
        return sum(site is not None and site.kind == kind for site in self.sites)

    def heads_of(self, kind: str) -> int:
        """Query heads in each layer of this kind: a decoder may have fewer than its encoder."""
        return self.heads_by_kind[kind]
