"""Attention by distance: against loops that spell the definition out, and planted heads that fall with it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attnlit.analysis import distance
from attnlit.analysis.neurons import falling_dimensions
from attnlit.analysis.sample import SENTENCES
from attnlit.attention import attend, load
from attnlit.attention.record import LayerInputs
from attnlit.errors import AttnlitError
from attnlit.models.model import Model
from tests import planted
from tests.charts.hand_made import random_record, record

SLOPE = 0.15  # nats of score that the planted head loses with every token


def even(tokens: int, *, causal: bool = True) -> np.ndarray:
    seen = np.tri(tokens) if causal else np.ones((tokens, tokens))
    return (seen / seen.sum(1, keepdims=True))[None, None]


def words(count: int) -> list[str]:
    return [f"w{place}" for place in range(count)]


def row_of(table, layer: int, head: int):
    return table[(table["layer"] == layer) & (table["head"] == head)].iloc[0]


@pytest.fixture(scope="module")
def decaying(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Head 1-2 falls with distance; 0-1 looks at the token before, 0-3 at the first; the others are even."""
    module = planted.blank()
    planted.previous_token(module, layer=0, head=1)
    planted.first_token(module, layer=0, head=3)
    planted.distance_decay(module, layer=1, head=2, falls={5: 2 * SLOPE / 3, 40: SLOPE / 3})
    return load(str(planted.save(module, tmp_path_factory.mktemp("decaying"))))


TEXTS = [" ".join(np.random.default_rng(seed).choice(planted.WORDS[6:], 100)) for seed in range(2)]


@pytest.fixture(scope="module")
def averages(decaying: Model) -> distance.DistanceProfile:
    return distance.by_distance(distance.records(decaying, TEXTS, "self"), 24)


# ------------------------------------------------------------------------------------------------ the average


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


@pytest.mark.parametrize("causal", [True, False])
def test_even_attention_does_not_fall(causal: bool) -> None:
    by = distance.by_distance([record(even(60, causal=causal), words(60), causal=causal)], 10)
    for with_first in (True, False):
        table = distance.distance_table(by, 0, 0, with_first=with_first)
        np.testing.assert_allclose(table["attention"], table["even"], rtol=1e-5)
        assert np.ptp(table["even"]) == 0
    row = distance.scan(by).iloc[0]
    assert row["decay"] == pytest.approx(0, abs=1e-6)
    assert not distance.is_decay(row)


def test_special_tokens_are_neither_query_nor_key() -> None:
    tokens = [*words(20), "[SEP]", *words(20), "[SEP]"]
    longest = 4
    weights = even(len(tokens), causal=False)
    by = distance.by_distance([record(weights, tokens)], longest)
    # 4 tokens away from the first word, from both [SEP], and from the ends.
    assert by.queries == (20 - 1 - 2 * longest) + (20 - 2 * longest)


def test_texts_without_any_query_far_enough_are_refused_in_words() -> None:
    with pytest.raises(AttnlitError, match="too short to see 8 tokens"):
        distance.by_distance([random_record(queries=8, causal=True)], 8)


def test_a_filtered_record_is_refused(decaying: Model) -> None:
    whole = attend(decaying, TEXTS[0])
    part = replace(whole, keys=whole.keys[1:], weights=whole.weights[..., 1:])
    with pytest.raises(AttnlitError, match="tokens are hidden"):
        distance.by_distance([part], 4)


# --------------------------------------------------------------------------------------------------- the scan


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
    assert "Head 1-2 is a distance-decay head" in distance.decay_in_words(best)
    assert [distance.is_decay(row) for _, row in table.iterrows()] == [True] + [False] * 7


def test_the_planted_curve_is_the_hand_computed_one(averages: distance.DistanceProfile) -> None:
    np.testing.assert_allclose(averages.attention_rest[1, 2], by_hand(SLOPE), rtol=1e-3)


def by_hand(slope: float, longest: int = 24, tokens: int = 100) -> np.ndarray:
    """Mean over the queries of exp(-slope d) divided by its sum over the keys but the first."""
    rows = []
    for i in range(longest + 1, tokens):
        fall = np.exp(-slope * np.arange(i))  # keys i, i - 1 ... 1
        rows.append(fall[: longest + 1] / fall.sum())
    return np.mean(rows, axis=0)


def test_a_previous_token_head_follows_position_but_does_not_fall(averages: distance.DistanceProfile) -> None:
    row = row_of(distance.scan(averages), 0, 1)
    assert row["by_distance"] == pytest.approx(1, abs=1e-4)
    # The line's share of a spike at the first of n distances is 3 / (n + 1).
    assert row["decay"] == pytest.approx(3 / 25, abs=1e-4)
    assert "no distance-decay head" in distance.decay_in_words(row)
    assert "another shape" in distance.decay_in_words(row)


def test_a_head_that_only_looks_at_the_first_token_has_no_score(averages: distance.DistanceProfile) -> None:
    row = row_of(distance.scan(averages), 0, 3)
    assert row["first"] == pytest.approx(1)
    assert row["queries"] == 0
    assert np.isnan(row["decay"])
    assert "nearly all its attention" in distance.decay_in_words(row)


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
    try:
        model = load("gpt2")
    except AttnlitError as unreachable:
        pytest.skip(f"GPT-2 small is needed for its head 1-10. {unreachable}")
    texts = distance.passages(model, SENTENCES, "self")
    by = distance.by_distance(
        distance.records(model, texts, "self"), distance.longest_distance(model, "self")
    )
    found = row_of(distance.scan(by), 1, 10)
    assert distance.is_decay(found)
    assert found["rank"] <= -0.9
    shares = falling_dimensions(by, 1, 10)["share"]
    assert shares[: len(shares) // 4].sum() > 0.5


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
        distances, _ = distance.along(by, layer, 0, by.attention[layer, 0], "before")
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
    distances, _ = distance.along(profile, 0, 1, profile.attention[0, 1], "before")
    assert distances.tolist() == list(range(1, 13))


def test_removing_the_dimensions_flattens_the_curve_to_the_hand_computed_one(decaying: Model) -> None:
    from attnlit.attention.edits import DimensionsRemoved

    for dimensions, left in (((5,), SLOPE / 3), ((40,), 2 * SLOPE / 3), ((5, 40), 0.0), ((0, 1), SLOPE)):
        edit = DimensionsRemoved(kind="self", layer=1, heads=(2,), dimensions=dimensions)
        records = distance.records(decaying, TEXTS, "self", [edit])
        after = distance.by_distance((distance.alone(each, 1, 2) for each in records), 24)
        np.testing.assert_allclose(after.attention_rest[0, 0], by_hand(left), rtol=1e-3)


# ----------------------------------------------------------------------------------------------------- texts


@pytest.mark.parametrize("architecture", ["gpt2", "bert", "t5"])
def test_passages_hold_the_sentences_in_order_and_fit_the_model(architecture: str, tiny_model) -> None:
    model = tiny_model(architecture)
    sentences = [f"The cat sat on the mat number {place}." for place in range(40)]
    kind = model.kinds[0]
    texts = distance.passages(model, [sentences[0] * 50, *sentences], kind)  # the first fits no text
    assert 1 < len(texts) < len(sentences)
    kept = sum(text.count("The cat") for text in texts)
    assert " ".join(texts) == " ".join(sentences[:kept])
    longest = distance.longest_distance(model, kind)
    for text in texts:
        attention = attend(model, text, text if model.pairs == "target" else None)
        assert len(attention.queries) <= 64
        assert len(distance._rows(attention, longest))


def test_an_encoder_decoder_has_distances_in_both_its_texts_but_not_between_them(tiny_model) -> None:
    model = tiny_model("t5")
    texts = ["The cat sat on the mat, because it was tired. The dog lay on the rug."]
    for kind, signed in (("encoder", True), ("decoder", False)):
        by = distance.by_distance(distance.records(model, texts, kind), 5)
        assert (by.distances.min() < 0) == signed
    with pytest.raises(AttnlitError, match="no distance to measure"):
        distance.by_distance(distance.records(model, texts, "cross"), 5)


@pytest.mark.parametrize("architecture", ["gpt2", "llama", "bloom", "gpt-oss", "bert"])
def test_one_head_alone_is_averaged_as_among_the_others(architecture: str, tiny_model) -> None:
    text = "The cat sat on the mat. The dog lay on the rug, because it was tired."
    attention = attend(tiny_model(architecture), text)
    whole = distance.by_distance([attention], 5)
    one = distance.by_distance([distance.alone(attention, 1, 3)], 5)
    assert one.scores is not None
    assert whole.scores is not None
    assert one.products is not None
    assert whole.products is not None
    np.testing.assert_array_equal(one.attention[0, 0], whole.attention[1, 3])
    np.testing.assert_allclose(one.scores[0, 0], whole.scores[1, 3], rtol=1e-5)
    np.testing.assert_allclose(one.products[0, 0], whole.products[1, 3], rtol=1e-5)
    np.testing.assert_array_equal(one.visible[0, 0], whole.visible[1, 3])
