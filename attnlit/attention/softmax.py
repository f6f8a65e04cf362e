"""Whether recorded scores give the weights: their softmax against the weights, and how far it may be off."""

from __future__ import annotations

import numpy as np

from attnlit.attention.vectors import LayerInputs

TOLERANCE = 1e-5  # of a weight, beside what rounding adds to it
FLOAT32 = float(np.finfo(np.float32).eps)


def softmax_error(inputs: LayerInputs, weights: np.ndarray) -> float:
    """Largest difference of the recorded scores' softmax from the weights (H, Q, K)."""
    worst = 0.0
    for head, expected in enumerate(weights):
        vectors = inputs.vectors(head)
        scores = vectors.scores
        if vectors.sink is not None:
            scores = np.column_stack([scores, np.full(len(scores), vectors.sink)])
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        softmax = (powers / powers.sum(axis=1, keepdims=True))[:, : expected.shape[1]]
        worst = max(worst, float(np.abs(softmax - expected).max()))
    return worst


def softmax_tolerance(inputs: LayerInputs, eps: float = FLOAT32) -> float:
    """What `softmax_error` may be where nothing is wrong: 1e-5, and the rounding of large scores.

    A score is a sum of d products. In which order a processor adds them up changes it by a few units in the
    last place of the sum of their sizes, and a weight by as much again, relative to itself.
    eps: of the numbers that the model computed with.
    """
    heads_a_key = len(inputs.q) // len(inputs.k)
    sizes = np.abs(inputs.q) @ np.abs(inputs.k).repeat(heads_a_key, axis=0).transpose(0, 2, 1)  # (H, Q, K)
    rounded = eps if eps > FLOAT32 else 0.0  # a weight of 16 bits
    return TOLERANCE + 8 * eps * abs(inputs.scaling) * float(sizes.max()) + rounded
