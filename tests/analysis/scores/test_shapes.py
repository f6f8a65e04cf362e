"""Kovaleva's five shapes, each on a pattern drawn by hand."""

from __future__ import annotations

import numpy as np
import pytest

from attnlit.analysis.scores.shapes import SHAPES, shapes
from attnlit.analysis.scores.tokens import sentence_of

N = 16
PAIR = [None, *[0] * 7, None, *[1] * 6, None]  # [CLS] A [SEP] B [SEP]


def shapes_of(matrix: np.ndarray, segments: list[int | None]) -> dict[str, np.ndarray]:
    weights = (matrix / matrix.sum(-1, keepdims=True)).astype(np.float32)[None, None]
    return shapes(weights, np.array([segment is None for segment in segments]), sentence_of(segments))


def column(*keys: int) -> np.ndarray:
    return np.tile(np.isin(np.arange(N), keys).astype(float), (N, 1))


EVEN = np.ones((N, N))
SIDES = np.array([-1 if segment is None else segment for segment in PAIR])
OWN = (SIDES[:, None] == SIDES) * 1.0
DRAWN = {
    "vertical": [column(0), column(N - 1), column(5), column(8) + 0.02 * EVEN],
    "diagonal": [np.eye(N), np.eye(N, k=-1) + 1e-9 * EVEN, np.eye(N, k=1) + np.eye(N, k=-1)],
    "vertical_diagonal": [column(0) + np.eye(N), column(8) + 2 * np.eye(N, k=1) + 1e-9],
    "block": [OWN],
    "heterogeneous": [EVEN, np.eye(N, k=3) + np.eye(N, k=-4), 1.0 - OWN],
}


@pytest.mark.parametrize(
    ("shape", "matrix"), [(shape, matrix) for shape, drawn in DRAWN.items() for matrix in drawn]
)
def test_a_pattern_drawn_by_hand_has_its_shape(shape: str, matrix: np.ndarray) -> None:
    found = shapes_of(matrix, PAIR)
    assert tuple(found) == SHAPES
    assert [name for name, has in found.items() if has[0, 0]] == [shape]


def test_without_a_pair_nothing_is_a_block() -> None:
    assert not shapes_of(OWN, [0] * N)["block"].any()
