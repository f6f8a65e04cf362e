"""The arithmetic of edits, the same for both ways of seeing attention.

Every function takes the edits of one attention call, and returns a new tensor where something changes: the
model may still need the old one. T texts of a batch, H heads, G key heads, Q queries, K keys, d head size.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import torch

from attnlit.attention.edits import (
    AttentionKnockout,
    DimensionsRemoved,
    Edit,
    HeadsAblated,
    OutputPatched,
    PatternPatched,
)
from attnlit.errors import AttnlitError

_Kind = TypeVar("_Kind", bound=Edit)


def dimensions_removed(query: torch.Tensor, edits: Sequence[Edit]) -> torch.Tensor:
    """Queries (T, H, Q, d) with the named dimensions at 0."""
    for edit in _of_kind(DimensionsRemoved, edits, heads=query.shape[1]):
        _check("dimension", edit.dimensions, query.shape[-1])
        query = query.clone()
        query[_rows(edit), _column(edit.heads), :, _index(edit.dimensions)] = 0
    return query


def edges_cut(edits: Sequence[Edit], shape: Sequence[int], device: torch.device) -> torch.Tensor | None:
    """True where an edge is cut, (T, H, Q, K); None where none is."""
    cuts = [edit for edit in _of_kind(AttentionKnockout, edits, heads=shape[1]) if edit.edges]
    if not cuts:
        return None
    cut = torch.zeros(*shape, dtype=torch.bool, device=device)
    for edit in cuts:
        queries, keys = zip(*edit.edges, strict=True)
        _check("query token", queries, shape[2])
        _check("key token", keys, shape[3])
        cut[_rows(edit), _column(edit.heads), _index(queries), _index(keys)] = True
    return cut


def masked(scores: torch.Tensor, cut: torch.Tensor) -> torch.Tensor:
    """Scores, or what is added to them, with the lowest number there is on the cut edges."""
    return scores.expand(cut.shape).masked_fill(cut, torch.finfo(scores.dtype).min)


def check_cut(weights: torch.Tensor, cut: torch.Tensor) -> None:
    """Raises AttnlitError if a cut edge still has weight: softmax needs something that is left to look at."""
    if weights[cut].any():
        raise AttnlitError(
            "Every edge of one token is cut, and a head must look at something. Leave it at least one token, "
            "or switch the head off."
        )


def attention_given(weights: torch.Tensor, edits: Sequence[Edit]) -> torch.Tensor:
    """Weights (T, H, Q, K) with the given ones in their place."""
    patched = _of_kind(PatternPatched, edits, heads=weights.shape[1])
    weights = weights.clone() if patched else weights
    for edit in patched:
        queries = weights.shape[2] if edit.queries is None else min(edit.queries, weights.shape[2])
        there = (len(edit.heads), queries, weights.shape[3])
        if edit.weights.shape != there:
            raise AttnlitError(
                f"The given attention is of {edit.weights.shape[1]} by {edit.weights.shape[2]} tokens for "
                f"{edit.weights.shape[0]} heads; this text needs {there[1]} by {there[2]} for {there[0]}. "
                "Use two texts with the same number of tokens."
            )
        given = torch.tensor(edit.weights, dtype=weights.dtype, device=weights.device)
        weights[_rows(edit), list(edit.heads), :queries] = given
    return weights


def heads_off(passed_on: torch.Tensor, edits: Sequence[Edit]) -> torch.Tensor:
    """What heads pass on, (T, H, Q, anything), with some of them switched off.

    It may be their output, or the weights that are about to be multiplied with the values: the output is
    linear in them, so 0 and the mean over the queries come out the same.
    """
    ablated = _of_kind(HeadsAblated, edits, heads=passed_on.shape[1])
    passed_on = passed_on.clone() if ablated else passed_on
    for edit in ablated:
        place = (_rows(edit), list(edit.heads))
        passed_on[place] = passed_on[place].mean(-2, keepdim=True) if edit.mean else 0.0
    return passed_on


def of_given(
    output: torch.Tensor, weights: torch.Tensor, value: torch.Tensor, edits: Sequence[Edit]
) -> torch.Tensor:
    """Output (T, H, Q, d) made anew, from weights and values, for heads with a given attention.

    weights: (T, H, Q, K); value: (T, G, K, d).
    """
    heads_a_key = output.shape[1] // value.shape[1]
    patched = _of_kind(PatternPatched, edits, heads=output.shape[1])
    output = output.clone() if patched else output
    for edit in patched:
        heads, key_heads = list(edit.heads), [head // heads_a_key for head in edit.heads]
        rows = _rows(edit)
        output[rows, heads] = weights[rows, heads] @ value[rows, key_heads]
    return output


def output_given(output: torch.Tensor, edits: Sequence[Edit]) -> torch.Tensor:
    """Output (T, H, Q, d) with the given vectors in their place."""
    patched = _of_kind(OutputPatched, edits, heads=output.shape[1])
    output = output.clone() if patched else output
    for edit in patched:
        queries = range(output.shape[2]) if edit.queries is None else edit.queries
        _check("query token", queries, output.shape[2])
        there = (len(edit.heads), len(queries), output.shape[3])
        if edit.outputs.shape != there:
            raise AttnlitError(
                f"The given output is of shape {edit.outputs.shape}; these heads and tokens need {there}. "
                "Use a text of the same model, and name the tokens if their number differs."
            )
        given = torch.tensor(edit.outputs, dtype=output.dtype, device=output.device)
        output[_rows(edit), _column(edit.heads), _index(queries)] = given
    return output


def outputs_patched(edits: Sequence[Edit]) -> bool:
    """Whether one of them gives heads another output."""
    return any(isinstance(edit, OutputPatched) for edit in edits)


def _of_kind(kind: type[_Kind], edits: Sequence[Edit], heads: int) -> list[_Kind]:
    found = [edit for edit in edits if isinstance(edit, kind)]
    for edit in found:
        _check("head", edit.heads, heads)
    return found


def _rows(edit: Edit) -> slice | int:
    return slice(None) if edit.row is None else edit.row


def _column(heads: Sequence[int]) -> torch.Tensor:
    """(H, 1), to be combined with every dimension or edge."""
    return _index(heads)[:, None]


def _index(numbers: Sequence[int]) -> torch.Tensor:
    """On the processor, from where tensors of every device can be indexed, whatever torch's default is."""
    return torch.tensor(numbers, dtype=torch.long, device="cpu")


def _check(name: str, asked: Sequence[int], there: int) -> None:
    """Raises AttnlitError, in words, for a head, token or dimension that does not exist."""
    for each in asked:
        if not 0 <= each < there:
            raise AttnlitError(f"There are {there} {name}s, counted from 0: there is no {name} {each}.")
