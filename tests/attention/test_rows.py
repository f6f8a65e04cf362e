"""Rows of a record, averaged over heads."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attnlit.attention.record import PASSED_ON
from attnlit.attention.rows import checked_heads, mean_of_heads, shares
from attnlit.errors import AttnlitError
from tests.records import random_record


def test_attention_is_averaged_over_heads_and_what_is_passed_on_is_a_share_of_it_all() -> None:
    attention = random_record(layers=2, heads=3)
    pairs = [(0, 1), (1, 2)]
    mean = (attention.weights[0, 1] + attention.weights[1, 2])[[3, 1]] / 2
    np.testing.assert_allclose(shares(attention, [3, 1], pairs), mean, atol=1e-6)
    np.testing.assert_allclose(
        shares(attention, [2]), attention.weights[:, :, 2].mean((0, 1))[None], atol=1e-6
    )
    scaled = attention.weights * np.arange(1, 4, dtype=np.float32)[None, :, None, None]
    norms = replace(attention, weights=scaled, weighs=PASSED_ON)
    brought = (scaled[0, 1] + scaled[1, 2])[3]
    np.testing.assert_allclose(shares(norms, [3], pairs)[0], brought / brought.sum(), atol=1e-6)


def test_an_empty_row_gives_nothing() -> None:
    attention = random_record(layers=1, heads=1)
    empty = replace(attention, weights=np.full_like(attention.weights, np.nan))
    for weighs in (attention.weighs, PASSED_ON):
        assert not shares(replace(empty, weighs=weighs), [0]).any()


def test_a_head_whose_row_is_empty_lowers_no_mean() -> None:
    weights = random_record(layers=1, heads=3).weights.copy()
    weights[0, 1, 2] = np.nan
    weights[0, :, 4] = np.nan
    attention = replace(random_record(layers=1, heads=3), weights=weights)
    of_two = (weights[0, 0, 2] + weights[0, 2, 2]) / 2
    mean = mean_of_heads(weights[0])
    np.testing.assert_allclose(mean[2], of_two, atol=1e-6)
    np.testing.assert_allclose(mean[0], weights[0, :, 0].mean(0), atol=1e-6)
    assert not mean[4].any()
    np.testing.assert_allclose(shares(attention, [0, 2, 4]), mean[[0, 2, 4]], atol=1e-6)


def test_heads_are_checked() -> None:
    attention = random_record(layers=2, heads=3)
    assert checked_heads(attention, None) == [(layer, head) for layer in range(2) for head in range(3)]
    assert checked_heads(attention, [(1, 2), (0, 0), (1, 2)]) == [(0, 0), (1, 2)]
    for wrong in ([], [(2, 0)], [(0, 3)]):
        with pytest.raises(AttnlitError):
            checked_heads(attention, wrong)


def test_layers_are_asked_for_by_their_number_in_the_model() -> None:
    hybrid = replace(random_record(layers=2, heads=3), layer_numbers=(3, 7))
    np.testing.assert_allclose(shares(hybrid, [2], [(7, 1)])[0], hybrid.weights[1, 1, 2], atol=1e-6)
    with pytest.raises(AttnlitError, match="no attention in layer 1"):
        shares(hybrid, [2], [(1, 1)])
