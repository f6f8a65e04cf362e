"""Heads whose attention falls with distance, by planted heads whose numbers are known."""

from __future__ import annotations

import numpy as np
import pytest

from attnlit.analysis import distance
from attnlit.analysis.sample import SENTENCES
from attnlit.words.decay import decay_in_words
from tests import planted
from tests.analysis.distance.planted_fall import SLOPE, even, words
from tests.published import from_hub
from tests.records import record
from tests.tolerances import ROUNDING


def row_of(table, layer: int, head: int):
    return table[(table["layer"] == layer) & (table["head"] == head)].iloc[0]


@pytest.mark.parametrize("causal", [True, False])
def test_even_attention_does_not_fall(causal: bool) -> None:
    by = distance.by_distance([record(even(60, causal=causal), words(60), causal=causal)], 10)
    for with_first in (True, False):
        table = distance.distance_table(by, 0, 0, with_first=with_first)
        np.testing.assert_allclose(table["attention"], table["even"], rtol=1e-5)
        assert np.ptp(table["even"]) == 0
    row = distance.scan(by).iloc[0]
    assert row["decay"] == pytest.approx(0, abs=ROUNDING)
    assert not distance.is_decay(row)


def test_the_planted_head_comes_first_with_its_exact_numbers(averages: distance.DistanceProfile) -> None:
    table = distance.scan(averages)
    assert len(table) == 2 * planted.HEADS
    best = table.iloc[0]
    assert (best["layer"], best["head"], best["side"]) == (1, 2, "before")
    assert best["decay"] == pytest.approx(1, abs=1e-4)
    assert best["by_distance"] == pytest.approx(1, abs=1e-4)
    assert best["rank"] == pytest.approx(-1)
    assert best["fall"] == pytest.approx(SLOPE, abs=1e-4)
    assert best["half"] == pytest.approx(np.log(2) / SLOPE, rel=1e-3)
    assert best["queries"] == 2 * (100 - 25)
    assert "Head 1-2 is a distance-decay head" in decay_in_words(best)
    assert [distance.is_decay(row) for _, row in table.iterrows()] == [True] + [False] * 7


def test_a_previous_token_head_follows_position_but_does_not_fall(averages: distance.DistanceProfile) -> None:
    row = row_of(distance.scan(averages), 0, 1)
    assert row["by_distance"] == pytest.approx(1, abs=1e-4)
    # The line's share of a spike at the first of n distances is 3 / (n + 1).
    assert row["decay"] == pytest.approx(3 / 25, abs=1e-4)
    assert "not a distance-decay head" in decay_in_words(row)
    assert "another way" in decay_in_words(row)


def test_a_head_that_only_looks_at_the_first_token_has_no_score(averages: distance.DistanceProfile) -> None:
    row = row_of(distance.scan(averages), 0, 3)
    assert row["first"] == pytest.approx(1)
    assert row["queries"] == 0
    assert np.isnan(row["decay"])
    assert "nearly all its attention" in decay_in_words(row)


@pytest.mark.parametrize(("sign", "side"), [(1, "before"), (-1, "after")])
def test_an_encoder_heads_side_is_found(sign: int, side: str) -> None:
    tokens, slope = 80, 0.2
    back = sign * (np.arange(tokens)[:, None] - np.arange(tokens))
    scores = np.where(back >= 0, -slope * back, -2 * slope)  # on the other side all alike
    weights = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    by = distance.by_distance([record(weights[None, None], words(tokens))], 12)
    assert by.sides == ("before", "after")
    row = distance.scan(by).iloc[0]
    assert row["side"] == side
    assert row["decay"] == pytest.approx(1, abs=1e-4)
    assert row["fall"] == pytest.approx(slope, rel=1e-3)


def test_attention_that_rises_with_distance_scores_below_zero() -> None:
    back = np.arange(60)[:, None] - np.arange(60)
    scores = np.where(back >= 0, 0.1 * back, -np.inf)
    weights = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    row = distance.scan(distance.by_distance([record(weights[None, None], words(60), causal=True)], 12)).iloc[
        0
    ]
    assert row["decay"] == pytest.approx(-1, abs=1e-4)
    assert row["rank"] == pytest.approx(1)
    assert np.isnan(row["half"])


@pytest.mark.parametrize("architecture", ["gpt2", "bert", "llama", "gemma2"])
def test_no_head_of_a_random_model_is_claimed(architecture: str, tiny_model) -> None:
    model = tiny_model(architecture)
    sentences = ["The cat sat on the mat, because it was tired.", "A doctor asked the nurse a question."] * 8
    kind = model.kinds[0]
    texts = distance.passages(model, sentences, kind)
    longest = distance.longest_distance(model, kind)
    table = distance.scan(distance.by_distance(distance.records(model, texts, kind), longest))
    assert not any(distance.is_decay(row) for _, row in table.iterrows())


@pytest.mark.hub
def test_the_papers_head_falls_with_distance_in_gpt2() -> None:
    """Vig 2019, section 4.3: in head 1-10 attention falls with distance, and a few neurons carry the fall."""
    model = from_hub("gpt2")
    texts = distance.passages(model, SENTENCES, "self")
    by = distance.by_distance(
        distance.records(model, texts, "self"), distance.longest_distance(model, "self")
    )
    found = row_of(distance.scan(by), 1, 10)
    assert distance.is_decay(found)
    assert found["rank"] <= -0.9
    shares = distance.falling_dimensions(by, 1, 10)["share"]
    assert shares[: len(shares) // 4].sum() > 0.5
