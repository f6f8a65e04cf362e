"""What one forward pass leaves behind: plain, read-only numpy, with no model inside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from attnlit.attention.given import checked_head
from attnlit.attention.parts import UNNAMED, Token, frozen
from attnlit.attention.vectors import LayerInputs, Vectors, mask_name
from attnlit.errors import AttnlitError
from attnlit.models.layers import row_of
from attnlit.wording import InOneLine, a_kind, one_line, quoted

# What a record's weights are: see `Attention.weighs`.
ATTENTION, PASSED_ON = "attention", "norm of what is passed on"
# What follows, where a record has one entry a layer for all its heads, and where the residual counts.
TOGETHER, RESIDUAL = ", all heads together", ", with the residual"


@dataclass(frozen=True, eq=False, repr=False)
class Attention(InOneLine):
    """The attention of one text in one model, of one kind; every array is read-only.

    A filtered record (see `attnlit.attention.filters`) holds fewer tokens: its weights are a slice, and each
    token's `position` still says where it stood.
    """

    # float32 (L, H, Q, K): layers, heads, queries, keys. Rows sum to 1 (less with a sink).
    weights: np.ndarray
    # The tokens that look, and those that are looked at.
    queries: tuple[Token, ...]
    keys: tuple[Token, ...]
    # The model's name.
    model: str
    # One of `KINDS`.
    kind: str
    # No token sees a later one.
    causal: bool
    text: str
    # The second sentence, or an encoder-decoder's target text.
    pair: str | None
    # What each layer's softmax was made of; empty where only the weights are recorded, and why.
    inputs: tuple[LayerInputs, ...] = ()
    why_no_vectors: str = ""
    # As the pass left it: no token filtered away, no pieces merged, no row rescaled.
    whole: bool = True
    # What `weights` are: ATTENTION, or begins with PASSED_ON. Norms are absolute, in the units of the
    # residual stream, and their rows sum to anything.
    weighs: str = ATTENTION
    # The number in the model of each layer in `weights`: (3, 7, 11) where the others have no attention. Not
    # given, they are counted from 0.
    layer_numbers: tuple[int, ...] = ()
    # What each layer of the model is, those without attention too, as `Model.layer_kinds`; empty: not known.
    layer_kinds: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.layer_numbers:
            object.__setattr__(self, "layer_numbers", tuple(range(self.layers)))
        if len(self.layer_numbers) != self.layers:
            raise ValueError(f"{self.layers} layers with the numbers {self.layer_numbers}")

    @classmethod
    def from_arrays(
        cls,
        weights: Any,
        tokens: Sequence[str],
        *,
        key_tokens: Sequence[str] | None = None,
        q: Any = None,
        k: Any = None,
        scaling: float | None = None,
        segments: Sequence[int | None] | None = None,
        causal: bool | None = None,
        model: str = "",
        kind: str = "self",
    ) -> Attention:
        """A record of arrays that somebody has already, to be drawn by every view.

        weights: (L, H, Q, K), or `outputs.attentions` of transformers: L of (1, H, Q, K). Attention after
        the softmax, as torch tensors of any type and device, numpy arrays or lists.
        tokens: Q strings, as `tokenizer.convert_ids_to_tokens(ids)` gives them or any others; the marks of
        vocabularies (Ġ, ▁, ##) are not drawn. key_tokens: K strings, where keys are other tokens.
        q, k: (L, H, Q, d) and (L, key heads, K, d), as they enter the softmax, for the neuron view; scaling:
        what their products are multiplied with, d**-0.5 if not given.
        segments: 0 or 1 for each token, such as `token_type_ids`; tokens like [SEP] are of neither.
        causal: whether no token sees a later one; if not given, the weights tell.
        Raises AttnlitError, in words, where the arrays do not fit each other or are no attention.
        """
        from attnlit.attention.arrays import fields_of_arrays

        fields = fields_of_arrays(
            weights,
            tokens,
            key_tokens=key_tokens,
            q=q,
            k=k,
            scaling=scaling,
            segments=segments,
            causal=causal,
            model=model,
            kind=kind,
        )
        return cls(**fields)

    def _said(self) -> str:
        layers, heads, queries, keys = self.weights.shape
        of_heads = "all heads together" if self.together else f"{heads} heads"
        sizes = f"{layers} layers × {of_heads} × {queries} queries × {keys} keys"
        return f"{one_line(self.model)}, {self.kind}, {sizes}, {quoted(self.text)}"

    @property
    def layers(self) -> int:
        return self.weights.shape[0]

    @property
    def heads(self) -> int:
        return self.weights.shape[1]

    @property
    def together(self) -> bool:
        """Whether the one entry of each layer stands for all its heads, and so is no head's."""
        return TOGETHER in self.weighs

    @property
    def head_names(self) -> list[str]:
        """What each entry of a layer is called: its head's number, or "all" where it stands for all heads."""
        return ["all"] if self.together else [str(head) for head in range(self.heads)]

    @property
    def nbytes(self) -> int:
        """Memory of the arrays; what several layers share is counted once."""
        parts = [self.weights, *(part for layer in self.inputs for part in vars(layer).values())]
        return sum({id(part): part.nbytes for part in parts if isinstance(part, np.ndarray)}.values())

    @property
    def query_tokens(self) -> list[str]:
        """What to draw for each query token."""
        return [token.text for token in self.queries]

    @property
    def key_tokens(self) -> list[str]:
        """What to draw for each key token."""
        return [token.text for token in self.keys]

    @property
    def segments(self) -> list[int | None]:
        """0 or 1 for each query token's text, None for special tokens."""
        return [token.segment for token in self.queries]

    @property
    def key_segments(self) -> list[int | None]:
        """0 or 1 for each key token's text, None for special tokens."""
        return [token.segment for token in self.keys]

    def vectors(self, layer: int, head: int) -> Vectors:
        """Queries (Q, d), keys (K, d) and scores (Q, K) of one head.

        Raises AttnlitError for a layer or head that the model lacks, and where only weights were recorded.
        """
        row = self.row(layer, head)
        if not self.inputs:
            whose = "this model" if self.model == UNNAMED else self.model
            raise AttnlitError(f"The neuron view is not possible for {whose}: {self.why_no_vectors}")
        whole = self.inputs[row].vectors(head)
        rows = [token.position for token in self.queries]
        columns = [token.position for token in self.keys]
        return Vectors(
            **{
                **vars(whole),
                "q": frozen(whole.q[rows]),
                "k": frozen(whole.k[columns]),
                "scores": frozen(whole.scores[np.ix_(rows, columns)]),
            }
        )

    def visible(self, layer: int) -> np.ndarray:
        """Which keys the model lets each query see in a layer: bool (Q, K), of the tokens that are shown.

        Where no scores were recorded, only what a causal mask hides is known.
        """
        query = np.array([token.position for token in self.queries])
        key = np.array([token.position for token in self.keys])
        row = self.row(layer)
        if self.inputs:
            return np.asarray(self.inputs[row].visible.any(axis=0))[query[:, None], key]
        return ~(self.causal & (key > query[:, None]))

    def mask(self, layer: int) -> str:
        """What hides keys in a layer, such as "sliding window of 512 tokens", where this text is long enough.

        "causal mask" or nothing for all others; see `attnlit.attention.vectors.mask_name`.
        """
        row = self.row(layer)
        if self.inputs:
            return mask_name(np.asarray(self.inputs[row].visible.any(axis=0)))
        return "causal mask" if self.causal else ""

    def to_sink(self, layer: int) -> np.ndarray | None:
        """The share of attention that a learned sink takes, which goes to no token: float32 (H, Q).

        None where the layer has no sink, and for records of which a part is hidden or rescaled.
        """
        row = self.row(layer)
        if not self.whole or not self.inputs or self.inputs[row].sinks is None:
            return None
        return np.maximum(0, 1 - self.weights[row].sum(axis=-1))

    def row(self, layer: int, head: int = 0) -> int:
        """Where in the arrays a layer stands, by its number in the model.

        Raises AttnlitError, in words, for a layer without attention, and for a head that it lacks.
        """
        row = row_of(layer, self.layer_numbers, self.model)
        checked_head(head, self.heads, self.model)
        return row


def check_record(attention: Any) -> None:
    """Raises AttnlitError, in words, for anything but a record: a text, a model, or arrays."""
    if not isinstance(attention, Attention):
        raise AttnlitError(
            f"This takes a record of attention, not {a_kind(attention)}. attnlit.attend(model, text) returns "
            "one, and attnlit.Attention.from_arrays makes one of arrays."
        )


def layer_or_first(attention: Attention, layer: int | None) -> int:
    """The layer that is asked for; where none is, the first that has attention, which a hybrid's 0 has not.

    Raises AttnlitError for anything but a record.
    """
    check_record(attention)
    return attention.layer_numbers[0] if layer is None else layer


def put_together(
    attention: Attention, weights: np.ndarray, queries: Sequence[Token], keys: Sequence[Token], why: str
) -> Attention:
    """The record with tokens that are made of several, which have no query and no key of their own.

    weights: float32 (L, H, Q, K), of these tokens. why: ends the sentence on why there are no vectors.
    """
    return replace(
        attention,
        whole=False,
        weights=frozen(weights),
        queries=tuple(queries),
        keys=tuple(keys),
        inputs=(),
        why_no_vectors=why,
    )
