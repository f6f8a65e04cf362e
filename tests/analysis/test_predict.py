"""Predictions: divergences by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from attnlit.analysis.predict import kl_divergence
from tests import tiny

pytestmark = pytest.mark.numeric

TEXT = "The cat sat on the mat"
MASKED = "The cat sat on the [MASK] because it was [MASK]."
PAIR = "The dog lay on the rug"
SIZE = tiny.WIDTH // tiny.HEADS

GetFolder = Callable[[str], Path]


def test_kl_by_hand() -> None:
    before, after = np.log([[0.5, 0.5], [0.9, 0.1]]), np.log([[0.25, 0.75], [0.9, 0.1]])
    by_hand = 0.5 * math.log(0.5 / 0.25) + 0.5 * math.log(0.5 / 0.75)  # 0.1438 nats
    np.testing.assert_allclose(kl_divergence(before, after), [by_hand, 0], atol=1e-12)
    back = 0.25 * math.log(0.25 / 0.5) + 0.75 * math.log(0.75 / 0.5)
    np.testing.assert_allclose(kl_divergence(after, before), [back, 0], atol=1e-12)


def test_words_that_are_ruled_out_add_nothing_to_the_divergence() -> None:
    with np.errstate(divide="ignore"):
        before, after = np.log([[0.5, 0.5, 0.0]]), np.log([[0.25, 0.75, 0.0]])
    assert kl_divergence(before, after).item() == pytest.approx(
        kl_divergence(before[:, :2], after[:, :2]).item()
    )
