"""How much closer each token brings another to its new state: the arithmetic of contributions (ALTI).

Ferrando et al. 2022 (arXiv 2203.04212), section 3: with y[i] what token i holds after the attention of a
layer, the residual added (and normed, where the model norms there), and c[i, j] the part of it that token j
brought, the contribution of j is max(0, |y[i]| - |y[i] - c[i, j]|), in sums of absolute values.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from attnlit.attention.following import PassedOn
from attnlit.attention.norms import NUMBERS_AT_ONCE, Around, centred


def contributions_with(passed: PassedOn, around: Around, weights: np.ndarray | None) -> Tensor:
    """The contributions in one layer: (N, N). `weights`, (H or 1, N, N), stand in for the model's own.

    A norm's deviation divides a whole row alike, and its bias comes from no token: both are left out.
    """
    if weights is not None:
        own = passed.weights.new_tensor(weights).expand_as(passed.weights)
        passed = replace(passed, weights=own)
    assert around.residual is not None
    gate = passed.gate
    values = torch.stack([passed.value_of(head) for head in range(passed.heads)])  # (H, K, d)
    read = passed.weights @ values  # (H, Q, d)
    written = (read if gate is None else read * gate).movedim(0, 1).flatten(1) @ passed.weight  # (Q, D)
    new = written + around.residual if passed.bias is None else written + around.residual + passed.bias
    new = centred(new, around)
    if gate is None:
        return _all_rows(passed, values, around, new)
    return torch.stack([_gated_row(passed, values, gate, row, around, new) for row in range(len(new))])


def _all_rows(passed: PassedOn, values: Tensor, around: Around, new: Tensor) -> Tensor:
    """(N, N), a block of tokens at a time, so that no tensor is large. values: (H, K, d), new: (N, D)."""
    assert around.residual is not None
    heads, width = passed.heads, new.shape[1]
    projection = passed.weight.unflatten(0, (heads, -1))  # (H, d, D)
    found = new.new_empty(len(new), len(new))
    step = max(1, NUMBERS_AT_ONCE // (heads * width))
    for keys in torch.arange(len(new)).split(step):
        written = values[:, keys] @ projection  # (H, k, D)
        for rows in torch.arange(len(new)).split(max(1, NUMBERS_AT_ONCE // (len(keys) * width))):
            weights = passed.weights[:, rows][:, :, keys]
            brought = torch.einsum("hqk,hkw->qkw", weights, written)
            itself = rows[:, None] == keys
            brought[itself] += around.residual[rows[itself.any(1)]]
            found[rows[:, None], keys] = _nearer(new[rows], centred(brought, around))
    return found


def _gated_row(
    passed: PassedOn, values: Tensor, gate: Tensor, row: int, around: Around, new: Tensor
) -> Tensor:
    """(N,): one row where each query has a gate of its own. gate: (H, Q, d)."""
    assert around.residual is not None
    read = passed.weights[:, row, :, None] * values * gate[:, row, None]  # (H, K, d)
    brought = read.movedim(0, 1).flatten(1) @ passed.weight  # (K, D)
    brought[row] += around.residual[row]
    return _nearer(new[row : row + 1], centred(brought, around)[None])[0]


def _nearer(new: Tensor, brought: Tensor) -> Tensor:
    """(q, k): how much nearer to `new`, (q, D), each of `brought`, (q, k, D), is than nothing."""
    distance = (new[:, None] - brought).abs().sum(-1)
    return (new.abs().sum(-1, keepdim=True) - distance).clamp_min(0)
