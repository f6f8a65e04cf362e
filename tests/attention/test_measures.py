"""What is measured of one head, against the definitions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attnlit.attention.measures import looks_back, row_entropies, strongest_pair
from tests.records import random_record, record


def test_entropy_is_that_of_the_row_divided_by_its_sum() -> None:
    rows = np.array([[0.25] * 4, [1, 0, 0, 0], [0.2, 0.2, 0, 0], [0, 0, 0, 0]], np.float32)
    found = row_entropies(rows)
    assert found[:3] == pytest.approx([np.log(4), 0, np.log(2)], abs=1e-6)
    assert np.isnan(found[3])


def test_looking_back_is_the_mean_of_query_less_key() -> None:
    attention = random_record(queries=9, causal=True)
    weights = attention.weights[1, 2].astype(float)
    places = np.arange(9)
    expected = (weights * (places[:, None] - places)).sum() / weights.sum()
    assert looks_back(attention, attention.weights[1, 2]) == pytest.approx(expected, rel=1e-5)
    some = (weights * (places[:, None] - places))[::3].sum() / weights[::3].sum()
    assert looks_back(attention, attention.weights[1, 2], every=3) == pytest.approx(some, rel=1e-5)


def test_two_texts_have_no_common_order_and_no_weight_has_no_place() -> None:
    assert np.isnan(looks_back(random_record(keys=7), random_record(keys=7).weights[0, 0]))
    assert np.isnan(looks_back(random_record(), np.zeros((5, 5), np.float32)))


def test_the_strongest_pair_is_one_of_words() -> None:
    weights = np.array([[[[1, 0, 0], [0.9, 0.1, 0], [0.3, 0.5, 0.2]]]])
    attention = record(weights, ["[CLS]", "a", "b"], causal=True)
    assert strongest_pair(attention, attention.weights[0, 0]) == (2, 1)
    words = record(weights, ["x", "a", "b"], causal=True)
    assert strongest_pair(words, words.weights[0, 0]) == (1, 0), "not the first token's look at itself"
    assert strongest_pair(replace(words, causal=False), words.weights[0, 0]) == (0, 0)


def test_where_only_special_tokens_have_weight_they_are_it() -> None:
    attention = record(np.array([[[[1.0, 0], [1, 0]]]]), ["[CLS]", "a"])
    assert strongest_pair(attention, attention.weights[0, 0]) == (0, 0)
    assert strongest_pair(attention, np.zeros((2, 2), np.float32)) is None
