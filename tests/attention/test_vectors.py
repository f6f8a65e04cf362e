"""Masks by their names, and which keys they hide."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attnlit.attention.filters import keep
from attnlit.attention.vectors import mask_name
from tests.records import record as weights_record
from tests.records import vectors_record as record

N = 7
BACK = np.arange(N)[:, None] - np.arange(N)


@pytest.mark.parametrize(
    ("visible", "name"),
    [
        (np.ones((N, N), bool), ""),
        (BACK >= 0, "causal mask"),
        ((BACK >= 0) & (BACK < 3), "sliding window of 3 tokens"),
        ((BACK >= 0) & (BACK < 1), "sliding window of 1 tokens"),
        (abs(BACK) <= 2, "sliding window of 2 tokens each way"),
        ((BACK >= 0) & (np.arange(N) // 3 == np.arange(N)[:, None] // 3), "chunks of 3 tokens"),
        ((BACK >= 0) & (BACK != 1), "mask"),
        ((BACK >= 0) & (np.arange(N) > 0), "mask"),
        (np.tri(4, 6, dtype=bool), "mask"),
        (np.ones((4, 6), bool), ""),
    ],
)
def test_a_mask_is_named_by_what_it_lets_through(visible: np.ndarray, name: str) -> None:
    assert mask_name(visible) == name


def test_a_record_says_what_each_layer_hides() -> None:
    whole = record(layers=2, queries=N, causal=True)
    window = np.where((BACK >= 0) & (BACK < 3), 0, np.finfo(np.float32).min).astype(np.float32)[None]
    cut = replace(whole.inputs[1], mask=window)
    windowed = replace(whole, inputs=(whole.inputs[0], cut), layer_numbers=(2, 5))
    assert [windowed.mask(layer) for layer in (2, 5)] == ["causal mask", "sliding window of 3 tokens"]
    np.testing.assert_array_equal(windowed.visible(5), (BACK >= 0) & (BACK < 3))
    part = keep(windowed, [4, 6], [1, 3, 4])
    assert part.visible(5).tolist() == [[False, True, True], [False, False, True]]
    assert part.mask(5) == "sliding window of 3 tokens"
    assert windowed.vectors(5, 0).adds == ("sliding window of 3 tokens",)


def test_of_weights_alone_only_a_causal_mask_is_known() -> None:
    weights = np.full((1, 1, 3, 3), 1 / 3)
    assert weights_record(weights).visible(0).all()
    assert weights_record(weights).mask(0) == ""
    causal = replace(weights_record(weights), causal=True)
    np.testing.assert_array_equal(causal.visible(0), np.tri(3, dtype=bool))
    assert causal.mask(0) == "causal mask"


def test_what_a_learned_sink_takes_is_what_the_row_lacks() -> None:
    whole = record(layers=1, heads=2, queries=4)
    assert whole.to_sink(0) is None
    inputs = replace(whole.inputs[0], sinks=np.zeros(2, np.float32))
    scores = np.stack([inputs.vectors(head).scores for head in range(2)])
    powers = np.exp(scores.astype(np.float64))
    weights = powers / (powers.sum(-1, keepdims=True) + 1)  # the sink's score is 0
    sunk = replace(whole, weights=weights[None].astype(np.float32), inputs=(inputs,))
    found = sunk.to_sink(0)
    assert found is not None
    np.testing.assert_allclose(found, 1 / (powers.sum(-1) + 1), atol=1e-6)
    assert keep(sunk, [0, 1], [0]).to_sink(0) is None
