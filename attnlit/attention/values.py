"""What attention passes on: not how much a head looks at a token, but how much it brings from there.

What head h brings from token j to token i is c[h, i, j] = A[h, i, j] (g[i, h] * v[j]) W_O[h]: the weight, the
value of token j, a gate where the model has one, and the head's part of the output projection. Summed over
heads and tokens, and with the projection's bias, that is all that attention adds to token i. For each model
this is proven on a few tokens before anything is shown, and refused in words where it does not hold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from attnlit.attention.answers import Answer
from attnlit.attention.capture import checked_kind, record_of
from attnlit.attention.forward import forward
from attnlit.attention.given import checked_switch
from attnlit.attention.reading import Reading, read
from attnlit.attention.record import PASSED_ON, RESIDUAL, TOGETHER, Attention, frozen
from attnlit.errors import AttnlitError
from attnlit.models.model import Model

if TYPE_CHECKING:
    from torch import Tensor

    from attnlit.attention.following import PassedOn
    from attnlit.attention.measuring import Proof
    from attnlit.attention.norms import Around


_proofs: WeakKeyDictionary[Model, Proof] = WeakKeyDictionary()


def proof_of(model: Model) -> Proof:
    """What can be said of the values of this model, found out once on a few tokens."""
    proof = _proofs.get(model)
    if proof is None:
        from attnlit.attention.measuring import find_proof  # imports torch

        proof = _proofs[model] = find_proof(model)  # two threads may find the same
    return proof


def prove_values(model: Model) -> Proof:
    """The same. Raises AttnlitError where what heads pass on is not all that attention layers put out."""
    proof = proof_of(model)
    if proof.why_no_values:
        raise AttnlitError(
            f"What the heads of {model.name} pass on cannot be shown: {proof.why_no_values} Look at its "
            "attention, or choose another model."
        )
    return proof


def passed_on(
    model: Model,
    text: str | Answer,
    pair: str | None = None,
    kind: str | None = None,
    *,
    together: bool = False,
    residual: bool = False,
    norm: bool = False,
) -> Attention:
    """What each head brings from each token to each other: a record whose weights are lengths of vectors.

    `weights[l, h, i, j]` is the length of A[h, i, j] (g[i, h] * v[j]) W_O[h] in each layer, float32, in the
    units of the residual stream (Kobayashi et al. 2020, arXiv 2004.10102); the arguments are those of
    `attnlit.attend`, and so is the rest of the record, but for queries, keys and scores, which it lacks.
    text: or a record of `attnlit.answer`, whose tokens are read again as they are; so are spans and answer.

    together: the vectors of all heads are added up first, so that the record has one "head" a layer.
    residual: the same, with token i's own state counted as brought from j = i. norm: the same, with the sum's
    layer norm applied, with the mean and the deviation that it had (Kobayashi et al. 2021, arXiv 2109.07152).
    Raises AttnlitError as `attnlit.attend` does, and for a model where this does not hold.
    """
    from attnlit.attention.norms import head_norms, layer_norms

    kind = text.kind if isinstance(text, Answer) and kind is None else checked_kind(model, kind)
    norm = checked_switch(norm, "norm")
    residual = checked_switch(residual, "residual") or norm
    together = checked_switch(together, "together") or residual
    measure = layer_norms if together else lambda passed, _: head_norms(passed)
    reading, measured = _measure(model, text, pair, kind, measure, residual=residual, norm=norm)
    weights = measured[:, None] if together else measured
    record = record_of(model, kind, reading, frozen(weights))
    if isinstance(text, Answer):
        record = replace(text, weights=record.weights, queries=record.queries, keys=record.keys, inputs=())
    how = TOGETHER * together + RESIDUAL * residual + " and the layer norm" * norm
    return replace(
        record,
        weighs=PASSED_ON + how,
        why_no_vectors="its lines weigh what is passed on, which no softmax of queries and keys makes.",
    )


@dataclass(frozen=True, eq=False)
class Written:
    """How long what the heads write on one text is, in the units of the residual stream."""

    # float32 (L, H, Q, K): what each brings from one token to another, as `passed_on` weighs it
    by_key: np.ndarray
    # float32 (L, H, Q): the sum of those vectors, all that it writes into a token
    by_query: np.ndarray


def lengths_written(model: Model, reading: Reading, kind: str) -> Written:
    """Both lengths, of a text that has been read already; from one forward pass."""
    import torch

    from attnlit.attention.norms import head_norms, output_norms

    def measure(passed: PassedOn, _: Around) -> Tensor:
        return torch.cat([head_norms(passed), output_norms(passed)[..., None]], -1)

    both = _measure_reading(model, reading, kind, measure, residual=False, norm=False)
    return Written(both[..., :-1], both[..., -1])


def mixing_ratios(
    model: Model,
    text: str,
    pair: str | None = None,
    kind: str | None = None,
    *,
    residual: bool = False,
    norm: bool = False,
) -> np.ndarray:
    """How much of each token's new state comes from other tokens: float32 (L, Q), between 0 and 1.

    The length of what the others bring, as a share of that and the length of what the token has of itself
    (the mixing ratio of Kobayashi et al. 2021, arXiv 2109.07152). The arguments and errors are those of
    `passed_on`.
    """
    from attnlit.attention.norms import mixing

    kind = checked_kind(model, kind)
    if kind == "cross":
        raise AttnlitError(
            "In cross-attention no token looks at itself, so it has no part of its own to compare."
        )
    return frozen(_measure(model, text, pair, kind, mixing, residual=residual or norm, norm=norm)[1])


def contributions(
    model: Model,
    text: str,
    pair: str | None = None,
    kind: str | None = None,
    *,
    weights: Sequence[np.ndarray] | None = None,
) -> np.ndarray:
    """How much closer each token brings each other one to its new state, in each layer: float32 (L, N, N).

    The contribution of token j to token i after Ferrando et al. 2022 (arXiv 2203.04212), residual included,
    and the layer norm where the model has one after attention. Not negative; rows are not normalised.
    weights: (H or 1, N, N) a layer, in place of the model's own: what if its heads had looked like this?
    The arguments and errors are otherwise those of `passed_on` with the residual.
    """
    return _contributions(model, text, pair, kind, [weights])[0]


def contributions_beside(
    model: Model, text: str, pair: str | None, kind: str | None, weights: Sequence[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """`contributions` of the model as it is, and with these weights in place of its own, from one pass."""
    own, other = _contributions(model, text, pair, kind, [None, weights])
    return own, other


def _contributions(
    model: Model, text: str, pair: str | None, kind: str | None, each: Sequence[Sequence[np.ndarray] | None]
) -> list[np.ndarray]:
    """With the weights of each choice, None for the model's own: float32 (L, N, N) a choice."""
    from attnlit.attention.contributions import contributions_with

    kind = checked_kind(model, kind)
    norm = not prove_values(model).why_no_norm

    def measure(passed: PassedOn, around: Around) -> Tensor:
        chosen = [None if weights is None else weights[around.row] for weights in each]
        return contributions_with(passed, around, chosen)

    measured = _measure(model, text, pair, kind, measure, residual=True, norm=norm)[1]  # (L, choices, N, N)
    return [frozen(np.ascontiguousarray(measured[:, choice])) for choice in range(len(each))]


def _measure(
    model: Model,
    text: str | Answer,
    pair: str | None,
    kind: str,
    measure: Callable[[PassedOn, Around], Tensor],
    *,
    residual: bool,
    norm: bool,
) -> tuple[Reading, np.ndarray]:
    """(the text as it was read, what `measure` makes of every layer of this kind: float32 (L, ...))."""
    prove_values(model)  # before a text is read by a model that cannot say it
    reading = text.reading if isinstance(text, Answer) else read(model, text, pair)
    assert reading is not None
    return reading, _measure_reading(model, reading, kind, measure, residual=residual, norm=norm)


def _measure_reading(
    model: Model,
    reading: Reading,
    kind: str,
    measure: Callable[[PassedOn, Around], Tensor],
    *,
    residual: bool,
    norm: bool,
) -> np.ndarray:
    from attnlit.attention.measuring import Measuring

    proof = prove_values(model)
    for wanted, why_not in ((residual, proof.why_no_residual), (norm, proof.why_no_norm)):
        if wanted and why_not:
            raise AttnlitError(f"{why_not} Leave it out, or choose another model.")
    if residual and kind == "cross":
        raise AttnlitError("In cross-attention no token looks at itself, so it has no residual to be added.")
    measuring = Measuring(model.sites, kind, measure, proof, residual=residual, norm=norm)
    with measuring:
        forward(model, [reading.inputs], measuring, places=[0])  # nobody reads the logits: as few as can be
    return measuring.layers()
