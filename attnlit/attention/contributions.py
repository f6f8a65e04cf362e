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
        own = torch.tensor(weights, dtype=passed.weights.dtype).expand_as(passed.weights)
        passed = replace(passed, weights=own)
    assert around.residual is not None
    gate = passed.gate
    values = torch.stack([passed.value_of(head) for head in range(passed.heads)])  # (H, K, d)
    read = passed.weights @ values  # (H, Q, d)
    written = (read if gate is None else read * gate).movedim(0, 1).flatten(1) @ passed.weight  # (Q, D)
    new = written + around.residual if passed.bias is None else written + around.residual + passed.bias
    parts = [
        _row(passed, values, None if gate is None else gate[:, query], query, around, new[query])
        for query in range(len(new))
    ]
    return torch.stack(parts)


def _row(
    passed: PassedOn, values: Tensor, gate: Tensor | None, query: int, around: Around, new: Tensor
) -> Tensor:
    """What every token contributes to one: (K,). values: (H, K, d), gate: (H, d), new: (D,)."""
    assert around.residual is not None
    new = centred(new, around)
    read = passed.weights[:, query, :, None] * (values if gate is None else values * gate[:, None])
    nearer = []
    step = max(1, NUMBERS_AT_ONCE // passed.weight.shape[1])
    for start in range(0, read.shape[1], step):
        brought = read[:, start : start + step].movedim(0, 1).flatten(1) @ passed.weight  # (k, D)
        if start <= query < start + step:
            brought[query - start] += around.residual[query]
        distance = (new - centred(brought, around)).abs().sum(-1)
        nearer.append((new.abs().sum() - distance).clamp_min(0))
    return torch.cat(nearer)
