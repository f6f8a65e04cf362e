"""How much closer each token brings another to its new state: the arithmetic of contributions (ALTI).

Ferrando et al. 2022 (arXiv 2203.04212), section 3: with y[i] what token i holds after the attention of a
layer, the residual added (and normed, where the model norms there), and c[i, j] the part of it that token j
brought, the contribution of j is max(0, |y[i]| - |y[i] - c[i, j]|), in sums of absolute values. The biases of
the projection and of the norm are part of y[i]: no token brought them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor

from attnlit.attention.following import PassedOn
from attnlit.attention.norms import Around, centred, offset

# In the largest tensor of a step: so few that they stay near the processor while they are looked through.
NUMBERS_AT_ONCE = 1_000_000


def contributions_with(passed: PassedOn, around: Around, choices: Sequence[np.ndarray | None]) -> Tensor:
    """The contributions in one layer with the weights of each choice: (choices, N, N).

    A choice, (H or 1, N, N), stands in for the model's own weights; None is these. A norm's deviation divides
    a whole row alike, and is left out.
    """
    assert around.residual is not None
    values = torch.stack([passed.value_of(head) for head in range(passed.heads)])  # (H, K, d)
    kept = around.residual if passed.bias is None else around.residual + passed.bias  # (Q, D)
    gate, found = passed.gate, []
    for choice in choices:
        weights = passed.weights if choice is None else passed.weights.new_tensor(choice)
        if gate is not None:
            weights = weights.expand(passed.heads, -1, -1)
            new = _together((weights @ values) * gate, passed) + kept
            found.append(_gated(passed, values, gate, weights, new, around))
        elif len(weights) == 1:  # heads that look alike are one wide head
            written = _together(values, passed)  # (K, D)
            found.append(_all_rows(weights, weights[0] @ written + kept, partial(_some, written), around))
        else:
            new = _together(weights @ values, passed) + kept
            found.append(_all_rows(weights, new, partial(_by_head, passed, values), around))
    return torch.stack(found)


def _together(read: Tensor, passed: PassedOn) -> Tensor:
    """What all heads write of what each of them has read, (H, N, d): (N, D)."""
    return read.movedim(0, 1).flatten(1) @ passed.weight


def _some(written: Tensor, keys: slice) -> Tensor:
    return written[None, keys]


def _by_head(passed: PassedOn, values: Tensor, keys: slice) -> Tensor:
    """What each head brings from some tokens when it looks at them: (H, k, D)."""
    return values[:, keys] @ passed.weight.unflatten(0, (passed.heads, -1))


def _all_rows(weights: Tensor, new: Tensor, brings: Callable[[slice], Tensor], around: Around) -> Tensor:
    """(N, N), a block of tokens at a time. weights: (H or 1, Q, K), new: (N, D), before a norm.

    brings: of a block of keys, what a look at each brings, (H or 1, k, D).
    """
    assert around.residual is not None
    tokens, width = new.shape
    bias = offset(new, around)
    whole = (centred(new, around) + bias).abs().sum(-1)
    found = new.new_zeros(tokens, tokens)
    seen = (weights != 0).any(0) | torch.eye(tokens, dtype=torch.bool, device=new.device)
    step = max(1, NUMBERS_AT_ONCE // (tokens * width))
    for start in range(0, tokens, step):
        keys = slice(start, min(start + step, tokens))
        looking = seen[:, keys].any(1).nonzero()  # in a causal model no token before these
        rows = slice(int(looking[0]), int(looking[-1]) + 1)
        left = _without(new[rows], weights[:, rows, keys], brings(keys))  # (k, q, D)
        for token in range(keys.start, keys.stop):
            left[token - keys.start, token - rows.start] -= around.residual[token]
        left = centred(left, around)
        if isinstance(bias, Tensor):
            left += bias[rows]
        found[rows, keys] = (whole[rows] - left.abs_().sum(-1)).T
    # What is not looked at brings nothing, and no rounding either.
    return torch.where(seen, found, 0.0).clamp_min(0)


def _without(new: Tensor, weights: Tensor, brings: Tensor) -> Tensor:
    """Each new state, (q, D), without what each key brought to it: (k, q, D)."""
    by_key = weights.permute(2, 1, 0)  # (k, q, H or 1)
    if len(brings) == 1:
        return torch.addcmul(new[None], by_key, brings[0][:, None], value=-1)
    return torch.baddbmm(new.expand(len(by_key), -1, -1), by_key, brings.transpose(0, 1), alpha=-1)


def _gated(
    passed: PassedOn, values: Tensor, gate: Tensor, weights: Tensor, new: Tensor, around: Around
) -> Tensor:
    """(N, N), row by row, where each query has a gate of its own. values: (H, K, d), gate: (H, Q, d)."""
    assert around.residual is not None
    rows = []
    for row, state in enumerate(centred(new, around) + offset(new, around)):
        read = weights[:, row, :, None] * values * gate[:, row, None]  # (H, K, d)
        parts = read.movedim(0, 1).flatten(1) @ passed.weight  # (K, D)
        parts[row] += around.residual[row]
        distance = (state - centred(parts, around)).abs().sum(-1)
        rows.append((state.abs().sum() - distance).clamp_min(0))
    return torch.stack(rows)
