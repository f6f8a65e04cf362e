"""Attention by distance: against loops that spell the definition out, and windows that hide keys."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attnlit.analysis import distance
from attnlit.attention import attend
from attnlit.attention.edits import DimensionsRemoved
from attnlit.attention.vectors import LayerInputs
from attnlit.errors import AttnlitError
from attnlit.models.model import Model
from tests.analysis.distance.planted_fall import SLOPE, TEXTS, even, words
from tests.records import random_record, record


@pytest.mark.parametrize("causal", [True, False])
def test_the_average_is_what_loops_over_its_definition_give(causal: bool) -> None:
    longest = 3
    texts = [random_record(queries=tokens, causal=causal, seed=tokens, spread=3) for tokens in (9, 14)]
    texts.append(random_record(queries=longest, causal=causal))  # too short: counts nothing
    by = distance.by_distance(texts, longest)
    reach = 0 if causal else longest
    assert by.distances.tolist() == list(range(-reach, longest + 1))
    for place, away in enumerate(by.distances):
        whole, rest, kept = [], [], 0
        for text in texts:
            for i in range(longest + 1, len(text.queries) - reach):
                row = text.weights[1, 2, i].astype(float)
                whole.append(row[i - away])
                if row[0] <= 0.9:
                    rest.append(row[i - away] / row[1:].sum())
                    kept += 1
        assert by.attention[1, 2, place] == pytest.approx(np.mean(whole), rel=1e-5)
        assert by.attention_rest[1, 2, place] == pytest.approx(np.mean(rest), rel=1e-5)
        assert (by.queries, by.queries_rest[1, 2]) == (len(whole), kept)


def test_a_row_of_a_table_tells_how_many_pairs_it_rests_on() -> None:
    weights = np.repeat(even(12), 2, axis=1)
    weights[0, 1, 8] = np.eye(12)[0]  # one row parked on the first token
    by = distance.by_distance([record(weights, words(12), causal=True)], 4)
    assert distance.distance_table(by, 0, 1, with_first=True)["pairs"].tolist() == [7] * 5
    assert distance.distance_table(by, 0, 1)["pairs"].tolist() == [6] * 5
    assert distance.distance_table(by, 0, 0)["pairs"].tolist() == [7] * 5


def test_special_tokens_are_neither_query_nor_key() -> None:
    tokens = [*words(20), "[SEP]", *words(20), "[SEP]"]
    longest = 4
    weights = even(len(tokens), causal=False)
    by = distance.by_distance([record(weights, tokens)], longest)
    # 4 tokens away from the first word, from both [SEP], and from the ends.
    assert by.queries == (20 - 1 - 2 * longest) + (20 - 2 * longest)


def test_texts_without_any_query_far_enough_are_refused_in_words() -> None:
    with pytest.raises(AttnlitError, match="too short for a distance of 8 tokens"):
        distance.by_distance([random_record(queries=8, causal=True)], 8)


def test_a_filtered_record_is_refused(decaying: Model) -> None:
    whole = attend(decaying, TEXTS[0])
    part = replace(whole, keys=whole.keys[1:], weights=whole.weights[..., 1:])
    with pytest.raises(AttnlitError, match="tokens are hidden"):
        distance.by_distance([part], 4)


def test_the_planted_curve_is_the_hand_computed_one(averages: distance.DistanceProfile) -> None:
    np.testing.assert_allclose(averages.attention_rest[1, 2], by_hand(SLOPE), rtol=1e-3)


def by_hand(slope: float, longest: int = 24, tokens: int = 100) -> np.ndarray:
    """Mean over the queries of exp(-slope d) divided by its sum over the keys but the first."""
    rows = []
    for i in range(longest + 1, tokens):
        fall = np.exp(-slope * np.arange(i))  # keys i, i - 1 ... 1
        rows.append(fall[: longest + 1] / fall.sum())
    return np.mean(rows, axis=0)


def test_a_window_is_no_fall(tiny_model) -> None:
    """Half of the layers of this model see 4 tokens: what lies beyond is hidden, not less looked at."""
    model = tiny_model("gemma2")
    texts = ["The cat sat on the mat. The dog lay on the rug, because it was tired."]
    by = distance.by_distance(distance.records(model, texts, "self"), 8)
    windows = [layer for layer in range(model.layers) if not by.visible[layer].all()]
    assert 0 < len(windows) < model.layers
    for layer in windows:
        assert by.distances[by.visible[layer, 0]].tolist() == [0, 1, 2, 3]
        assert by.attention[layer, :, 4:].max() == 0
        distances, _ = distance.towards(by, layer, 0, by.attention[layer, 0], "before")
        assert distances.tolist() == [1, 2, 3]


def test_each_head_has_its_own_window() -> None:
    """Head 0 of the layer sees 3 tokens and falls; what head 1 sees beyond them is not cut off with it."""
    tokens, slope = 60, 0.2
    back = np.arange(tokens)[:, None] - np.arange(tokens)
    masks = np.where((back < 0) | (np.array([3, tokens])[:, None, None] <= back), -np.inf, 0.0)
    scores = masks - slope * back
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    inputs = LayerInputs(
        q=np.zeros((2, tokens, 1), np.float32),
        k=np.zeros((2, tokens, 1), np.float32),
        scaling=1.0,
        bias=(-slope * back)[None].astype(np.float32),
        mask=np.where(np.isinf(masks), -1e9, 0).astype(np.float32),
    )
    whole = record(weights[None], words(tokens), causal=True)
    profile = distance.by_distance([replace(whole, inputs=(inputs,))], 12)
    assert [profile.distances[seen].tolist() for seen in profile.visible[0]] == [[0, 1, 2], list(range(13))]
    np.testing.assert_allclose(profile.slope[0, 0], -slope, rtol=1e-3)
    distances, _ = distance.towards(profile, 0, 1, profile.attention[0, 1], "before")
    assert distances.tolist() == list(range(1, 13))


def test_removing_the_dimensions_flattens_the_curve_to_the_hand_computed_one(decaying: Model) -> None:
    for dimensions, left in (((5,), SLOPE / 3), ((40,), 2 * SLOPE / 3), ((5, 40), 0.0), ((0, 1), SLOPE)):
        edit = DimensionsRemoved(kind="self", layer=1, heads=(2,), dimensions=dimensions)
        records = distance.records(decaying, TEXTS, "self", [edit])
        after = distance.by_distance((distance.one_head(each, 1, 2) for each in records), 24)
        np.testing.assert_allclose(after.attention_rest[0, 0], by_hand(left), rtol=1e-3)


@pytest.mark.parametrize("architecture", ["gpt2", "llama", "bloom", "gpt-oss", "bert"])
def test_one_head_alone_is_averaged_as_among_the_others(architecture: str, tiny_model) -> None:
    text = "The cat sat on the mat. The dog lay on the rug, because it was tired."
    attention = attend(tiny_model(architecture), text)
    whole = distance.by_distance([attention], 5)
    one = distance.by_distance([distance.one_head(attention, 1, 3)], 5)
    assert one.scores is not None
    assert whole.scores is not None
    assert one.products is not None
    assert whole.products is not None
    np.testing.assert_array_equal(one.attention[0, 0], whole.attention[1, 3])
    np.testing.assert_allclose(one.scores[0, 0], whole.scores[1, 3], rtol=1e-5)
    np.testing.assert_allclose(one.products[0, 0], whole.products[1, 3], rtol=1e-5)
    np.testing.assert_array_equal(one.visible[0, 0], whole.visible[1, 3])
