"""What can be changed inside a forward pass, to see what a head is for.

An edit is plain data; `attnlit.attention.apply` holds the arithmetic. The shared model is never written to:
the change lives in one forward pass of one thread, and passes with other edits may run beside it.

Several edits of one pass add up. At one layer dimensions and edges come first, then a given attention and a
given output take the place of what the head computed, and last a head is switched off.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from attnlit.attention.given import as_list
from attnlit.errors import AttnlitError
from attnlit.models.layers import row_of
from attnlit.wording import a_kind

if TYPE_CHECKING:
    from attnlit.models.model import Model


@dataclass(frozen=True, kw_only=True)
class Edit:
    """Where something is changed: some heads of one layer."""

    kind: str  # "self", "encoder", "decoder" or "cross"
    layer: int  # its number in the model
    heads: tuple[int, ...]
    row: int | None = None  # only in this row of the batch; None is every row


@dataclass(frozen=True, kw_only=True)
class HeadsAblated(Edit):
    """Each head's output, before the output projection, becomes 0, or its mean over the text's tokens.

    The mean is that of the edited pass. In a causal model it lets a token know of later ones.
    """

    mean: bool = False


@dataclass(frozen=True, kw_only=True)
class DimensionsRemoved(Edit):
    """These dimensions of q (after any rotation), and so of q x k, become 0."""

    dimensions: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class AttentionKnockout(Edit):
    """The attention of these (query, key) pairs becomes 0, and the rest of the query's row sums to 1."""

    edges: tuple[tuple[int, int], ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class PatternPatched(Edit):
    """The heads use these weights in place of their own, on their own values.

    In a record of the pass these weights stand where the head's own would; its scores are still its own.
    """

    weights: np.ndarray  # float32 (H, Q, K), of the heads that are named
    queries: int | None = None  # only the first so many, of which the weights are; later ones keep their own


@dataclass(frozen=True, kw_only=True, eq=False)
class OutputPatched(Edit):
    """The heads put out these vectors in place of their own: weights times values, before the projection.

    The weights of a record of the pass are the heads' own.
    """

    outputs: np.ndarray  # float32 (H, Q, d), of the heads and queries that are named
    queries: tuple[int, ...] | None = None  # of these tokens; None: of all


def freeze_patterns(model: Model, weights: Mapping[str, np.ndarray]) -> list[PatternPatched]:
    """Edits that hold every head of a model at the attention of another pass.

    weights: by kind, (L, H, Q, K), as `Attention.weights`.
    """
    return [
        PatternPatched(kind=kind, layer=layer, heads=tuple(range(len(matrices))), weights=matrices)
        for kind, layers in weights.items()
        for layer, matrices in zip(model.numbers_by_kind[kind], layers, strict=True)
    ]


def check_editable(model: Model) -> None:
    """Raises AttnlitError for a model whose attention cannot be changed."""
    if model.capture_route == "weights":
        raise AttnlitError(f"Nothing can be changed inside {model.name}: {model.why_no_vectors}")
    if model.attends_again:
        raise AttnlitError(
            f"Every head of {model.name} attends a second time, in a way that is not shown, so none can be "
            "changed as a whole. Choose another model."
        )


def edits_by_call(model: Model, edits: Iterable[Edit]) -> tuple[tuple[Edit, ...], ...]:
    """The edits of each attention call of the forward pass, in its order.

    Raises AttnlitError for a layer that the model lacks, and for a model whose attention cannot be changed.
    """
    listed = as_list(edits)
    given: list[Any] = [edits] if listed is None else listed
    if not given:
        return ()
    check_editable(model)
    places = [None if site is None else (site.kind, site.layer) for site in model.sites]
    for call, earlier in model.repeats:
        places[call] = places[earlier]
    for edit in given:
        if not isinstance(edit, Edit):
            raise AttnlitError(f"Give edits of attnlit.attention.edits, not {a_kind(edit)}.")
        if edit.kind not in model.kinds:
            kinds = " and ".join(f"“{kind}”" for kind in model.kinds)
            raise AttnlitError(
                f"{model.name} has no layer {edit.layer} of the kind “{edit.kind}”; its kinds are {kinds}."
            )
        row_of(edit.layer, model.numbers_by_kind[edit.kind], model.name)
    return tuple(tuple(edit for edit in given if (edit.kind, edit.layer) == place) for place in places)
