"""How long the vectors that heads bring from one token to another are: the arithmetic of what is passed on.

Kobayashi et al. 2020 (arXiv 2004.10102), section 3: attention is a sum of vectors, and a weight says little
where the vector is short. 2021 (arXiv 2109.07152): with the residual connection and the layer norm.

Nothing here ever holds a vector for every head, query and key: H x Q x K x D numbers would not fit.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from attnlit.attention.following import Norm, PassedOn, deviation_of

NUMBERS_AT_ONCE = 4_000_000  # in the largest tensor of a step


def head_norms(passed: PassedOn) -> Tensor:
    """The length of what each head brings from each token to each other one: (H, Q, K)."""
    gate = passed.gate
    lengths = []
    for head in range(passed.heads):
        value, weight = passed.value_of(head), passed.written_by(head)
        if gate is None:
            lengths.append((value @ weight).norm(dim=-1).expand(len(passed.entered), -1))  # (Q, K)
        else:
            lengths.append(_gated_lengths(gate[head], value, weight))
    return passed.weights.abs() * torch.stack(lengths)


def _gated_lengths(gate: Tensor, value: Tensor, weight: Tensor) -> Tensor:
    """|(gate[i] * value[j]) @ weight|, (Q, K), of gates (Q, d), values (K, d) and a weight (d, D)."""
    # With weight.T = q r and orthonormal q, a vector v @ weight is as long as r @ v, which has d numbers.
    smaller = torch.linalg.qr(weight.T).R.T
    step = max(1, NUMBERS_AT_ONCE // value.numel())
    return torch.cat([((rows[:, None] * value) @ smaller).norm(dim=-1) for rows in gate.split(step)])


def output_norms(passed: PassedOn) -> Tensor:
    """The length of all that each head writes into each token: (H, Q)."""
    heads = passed.by_head(passed.entered)  # (H, Q, d)
    return torch.stack([(heads[head] @ passed.written_by(head)).norm(dim=-1) for head in range(passed.heads)])


@dataclass(frozen=True, eq=False)
class Around:
    """What stands around attention in its layer, so far as it is to count."""

    residual: Tensor | None = None  # (Q, D): each token's own state, which is added to what the heads bring
    norm: Norm | None = None  # what their sum then goes through
    row: int = 0  # of the layer, in arrays of all of them


NOTHING = Around()


def layer_norms(passed: PassedOn, around: Around = NOTHING) -> Tensor:
    """The length of what all heads of a layer together bring from each token to each other one: (Q, K).

    The vectors are added up before they are measured, because heads may cancel each other. A residual is
    what a token brings to itself.
    """
    lengths = _together(passed, around) if passed.plain is None else _gated_together(passed, around)
    if around.residual is not None:
        own = _own(passed, around).norm(dim=-1)
        lengths.diagonal().copy_(own)
    return lengths if around.norm is None else lengths / around.norm.deviation


def _together(passed: PassedOn, around: Around) -> Tensor:
    """(Q, K), before the division by a norm's deviation; its diagonal is without the residual."""
    columns = []
    keys = passed.weights.shape[2]
    step = max(1, NUMBERS_AT_ONCE // (passed.heads * passed.weight.shape[1]))
    for start in range(0, keys, step):
        block = slice(start, start + step)
        written = [passed.value_of(head)[block] @ passed.written_by(head) for head in range(passed.heads)]
        brought = centred(torch.stack(written), around).double()  # (H, k, D)
        # The length of a weighted sum needs only the heads' products with each other: (k, H, H).
        products = torch.einsum("hkd,gkd->khg", brought, brought)
        weights = passed.weights[:, :, block].double().permute(2, 1, 0)  # (k, Q, H)
        squares = ((weights @ products) * weights).sum(-1).T  # (Q, k)
        columns.append(squares.clamp_min(0).sqrt().float())
    return torch.cat(columns, dim=1)


def _gated_together(passed: PassedOn, around: Around) -> Tensor:
    """The same where each query has a gate of its own: query by query."""
    gate = passed.gate
    assert gate is not None
    value = torch.stack([passed.value_of(head) for head in range(passed.heads)])  # (H, K, d)
    rows = []
    for query in range(len(passed.entered)):
        weighted = passed.weights[:, query, :, None] * gate[:, query, None] * value  # (H, K, d)
        rows.append(centred(weighted.movedim(0, 1).flatten(1) @ passed.weight, around).norm(dim=-1))
    return torch.stack(rows)


def mixing(passed: PassedOn, around: Around = NOTHING) -> Tensor:
    """How much of each token's new state comes from other tokens: (Q,), between 0 and 1.

    The length of what the others bring, as a share of that and the length of the token's own part: the
    mixing ratio of Kobayashi et al. 2021.
    """
    total = passed.output if passed.bias is None else passed.output - passed.bias
    if around.residual is not None:
        total = total + around.residual
    own = _own(passed, around)
    others = (centred(total, around) - own).norm(dim=-1)
    # A norm divides both by the same deviation, so it does not matter here.
    return others / (others + own.norm(dim=-1))


def _own(passed: PassedOn, around: Around) -> Tensor:
    """What each token brings to itself, (Q, D), residual included, before the division by a deviation."""
    gate = passed.gate
    parts = []
    for head in range(passed.heads):
        value = passed.value_of(head)
        value = value if gate is None else value * gate[head]
        parts.append(passed.weights[head].diagonal()[:, None] * value)
    own = torch.cat(parts, dim=-1) @ passed.weight
    return centred(own if around.residual is None else own + around.residual, around)


def centred(vectors: Tensor, around: Around) -> Tensor:
    """What the norm makes of vectors, (..., D), but for the division by its deviation."""
    return vectors if around.norm is None else around.norm.centred(vectors)


def offset(states: Tensor, around: Around) -> Tensor | float:
    """What the norm's bias is beside what `centred` makes of whole states, (Q, D): 0 without one."""
    norm = around.norm
    if norm is None or norm.bias is None:
        return 0.0
    return deviation_of(states, norm.eps) * norm.bias
