"""How far the softmax of recorded scores may be from the weights."""

from __future__ import annotations

import numpy as np
import pytest

from attnlit.attention.softmax import FLOAT32, softmax_error, softmax_tolerance
from attnlit.attention.vectors import LayerInputs


def test_the_tolerance_grows_with_the_sum_of_sizes_not_with_the_score() -> None:
    """Rounding follows the largest of the numbers that are added, also where they cancel each other."""
    q, k = np.full((2, 3, 4), 100.0, np.float32), np.full((1, 5, 4), 100.0, np.float32)
    signs = np.array([1, -1, 1, -1], np.float32)
    found = softmax_tolerance(LayerInputs(q, k * signs, scaling=0.5))
    assert found == pytest.approx(1e-5 + 8 * FLOAT32 * 0.5 * 4 * 100.0**2, rel=1e-6)
    assert softmax_tolerance(LayerInputs(q * 0, k, scaling=0.5)) == 1e-5


def test_the_error_is_that_of_the_worst_weight() -> None:
    q, k = np.zeros((2, 3, 4), np.float32), np.ones((2, 5, 4), np.float32)
    weights = np.full((2, 3, 5), 0.2, np.float32)
    inputs = LayerInputs(q, k, scaling=1.0)
    assert softmax_error(inputs, weights) <= 1e-7
    weights[1, 2, 4] = 0.25
    assert softmax_error(inputs, weights) == pytest.approx(0.05)
    sunk = LayerInputs(q, k, scaling=1.0, sinks=np.zeros(2, np.float32))
    assert softmax_error(sunk, np.full((2, 3, 5), 1 / 6, np.float32)) <= 1e-7
