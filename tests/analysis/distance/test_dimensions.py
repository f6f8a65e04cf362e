"""What each dimension carries: sums that must come out, loops over the definition, and planted dimensions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attnlit.analysis import distance
from attnlit.attention import attend, load
from attnlit.attention.capture import attend_all
from attnlit.attention.edits import DimensionsRemoved
from attnlit.errors import AttnlitError
from attnlit.models.model import Model
from tests import planted
from tests.records import record, vectors_record
from tests.tiny import ARCHITECTURES
from tests.tolerances import ROUNDING

pytestmark = pytest.mark.numeric

FALLS = {5: 0.06, 40: 0.03, 7: 0.09, 100: -0.02}  # a head that loses 0.16 nats a token, in four dimensions
TEXTS = [" ".join(np.random.default_rng(seed).choice(planted.WORDS[6:], 90)) for seed in range(2)]


@pytest.fixture(scope="module")
def decaying(tmp_path_factory: pytest.TempPathFactory) -> Model:
    module = planted.blank()
    planted.distance_decay(module, layer=0, head=2, falls=FALLS)
    planted.same_token(module, layer=1, head=3)
    return load(str(planted.save(module, tmp_path_factory.mktemp("falls"))))


@pytest.fixture(scope="module")
def averages(decaying: Model) -> distance.DistanceProfile:
    return distance.by_distance(distance.records(decaying, TEXTS, "self"), 20)


# ------------------------------------------------------------------------------------------ one query and key


@pytest.mark.parametrize("architecture", tuple(ARCHITECTURES))
def test_products_add_up_to_the_score_less_what_the_model_adds(architecture: str, tiny_model) -> None:
    model = tiny_model(architecture)
    text = "The dog lay on the rug, because it was tired."
    for kind, attention in attend_all(model, text, text if model.pairs == "target" else None).items():
        layer, head, query = attention.layers - 1, 1, len(attention.queries) - 1
        inputs = attention.inputs[layer]
        for key in (0, query // 2, query):
            score = attention.vectors(layer, head).scores[query, key]
            if not np.isfinite(score):  # a window hides it
                continue
            total = distance.pair_products(attention, layer, head, query, key)["product"].sum()
            rest = score - distance.added(attention.vectors(layer, head), query, key)
            assert total == pytest.approx(rest, abs=1e-4), kind
            if inputs.logits is not None:
                continue  # what was added cannot be told from what was seen
            expected = inputs.softcap * np.tanh(total / inputs.softcap) if inputs.softcap else total
            if inputs.bias is not None:
                expected += inputs.bias[head if len(inputs.bias) > 1 else 0, query, key]
            assert score == pytest.approx(expected, abs=1e-4), kind


def test_the_largest_product_comes_first_whatever_its_sign() -> None:
    attention = vectors_record(dimensions=6)
    vectors = attention.vectors(1, 2)
    table = distance.pair_products(attention, 1, 2, 3, 4)
    expected = vectors.scaling * vectors.q[3] * vectors.k[4]
    order = np.argsort(-np.abs(expected))
    assert table["dimension"].tolist() == order.tolist()
    np.testing.assert_allclose(table["product"], expected[order], rtol=1e-5)
    assert table["share"].sum() == pytest.approx(1)


# -------------------------------------------------------------------------------------------- a text's scores


@pytest.mark.parametrize("without_first", [True, False])
@pytest.mark.parametrize("causal", [True, False])
def test_shares_are_what_loops_over_their_definition_give(causal: bool, without_first: bool) -> None:
    attention = vectors_record(queries=7, dimensions=5, causal=causal, bias=True)
    vectors = attention.vectors(0, 3)
    sizes, together, variance = np.zeros(5), np.zeros(5), 0.0
    pairs = 0
    for i in range(7):
        keys = range(int(without_first), i + 1 if causal else 7)
        products = np.array([vectors.scaling * vectors.q[i] * vectors.k[j] for j in keys]).reshape(-1, 5)
        scores = products.sum(1)
        centred = scores - scores.mean() if len(scores) else scores
        sizes += np.abs(products).sum(0)
        together += (products * centred[:, None]).sum(0)
        variance += (centred**2).sum()
        pairs += len(scores)
    table = distance.score_shares(attention, 0, 3, without_first=without_first)
    by_number = table.sort_values("dimension")
    np.testing.assert_allclose(by_number["size"], sizes / pairs, rtol=1e-5)
    np.testing.assert_allclose(by_number["share"], together / variance, rtol=1e-4, atol=ROUNDING)
    assert table["share"].sum() == pytest.approx(1)
    assert table["share"].is_monotonic_decreasing


@pytest.mark.parametrize("architecture", ["gpt2", "llama", "bloom", "gemma2", "deberta-v2", "t5"])
def test_shares_add_up_to_one(architecture: str, tiny_model) -> None:
    attention = attend(tiny_model(architecture), "The dog lay on the rug, because it was tired.")
    assert distance.score_shares(attention, 1, 2)["share"].sum() == pytest.approx(1, abs=ROUNDING)


def test_a_planted_heads_shares_are_those_of_its_dimensions(decaying: Model) -> None:
    # All scores of a row go up with the key's position, by so much in each dimension.
    table = distance.score_shares(attend(decaying, TEXTS[0]), 0, 2).set_index("dimension")
    whole = sum(FALLS.values())
    for dimension, fall in FALLS.items():
        assert table["share"][dimension] == pytest.approx(fall / whole, abs=1e-4)
    assert table["share"].drop(list(FALLS)).abs().max() < 1e-4


def test_scores_that_are_all_alike_have_no_shares(decaying: Model) -> None:
    assert distance.score_shares(attend(decaying, TEXTS[0]), 1, 0)["share"].isna().all()


# --------------------------------------------------------------------------------------------------- the fall


def test_the_falling_dimensions_are_exactly_the_planted_ones(averages: distance.DistanceProfile) -> None:
    table = distance.falling_dimensions(averages, 0, 2)
    assert table["dimension"].tolist()[:3] == [7, 5, 40]
    assert table["dimension"].iloc[-1] == 100
    np.testing.assert_allclose(table["fall"][:3], [0.09, 0.06, 0.03], atol=ROUNDING)
    np.testing.assert_allclose(table["share"][:3], np.array([0.09, 0.06, 0.03]) / 0.16, atol=1e-4)
    assert table["rank"].tolist()[:3] == pytest.approx([-1, -1, -1])
    assert table["rank"].iloc[-1] == pytest.approx(1)
    assert table["fall"].iloc[3:-1].abs().max() < 1e-5
    assert distance.added_share(averages, 0, 2) == pytest.approx(0, abs=1e-4)


def test_content_is_averaged_out(averages: distance.DistanceProfile) -> None:
    """A head that goes by the word has large products, and in the mean none of them falls with distance."""
    table = distance.falling_dimensions(averages, 1, 3)
    one_match = planted.SURE  # of two equal words, in their dimension
    assert table["fall"][table["dimension"] < planted.COUNT].abs().max() < one_match / 500


def test_scores_and_products_begin_at_0_and_fall_as_planted(averages: distance.DistanceProfile) -> None:
    table = distance.score_table(averages, 0, 2, [7, 100])
    assert table["distance"].tolist() == list(range(1, 21))
    steps = np.arange(20)
    np.testing.assert_allclose(table["score"], -0.16 * steps, atol=1e-3)
    np.testing.assert_allclose(table["dimension 7"], -0.09 * steps, atol=1e-3)
    np.testing.assert_allclose(table["dimension 100"], 0.02 * steps, atol=1e-3)


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_bias_carries_what_no_dimension_does(side: str) -> None:
    texts = [
        vectors_record(queries=40, bias=True, seed=seed) for seed in range(3)
    ]  # the bias falls by 0.3 a token
    by = distance.by_distance(texts, 8)
    table = distance.falling_dimensions(by, 1, 2, side)
    share = distance.added_share(by, 1, 2, side)
    assert table["share"].sum() + share == pytest.approx(1, abs=ROUNDING)
    assert share * table["fall"].iloc[0] / table["share"].iloc[0] == pytest.approx(0.3, rel=1e-4)


def test_mean_products_are_what_loops_over_their_definition_give() -> None:
    """With grouped queries too, and on both sides."""
    text = vectors_record(queries=16, key_heads=2, dimensions=3)
    by = distance.by_distance([text], 3)
    q, k = text.inputs[1].q[3], text.inputs[1].k[1]  # query heads 2 and 3 share key head 1
    assert by.products is not None
    for place, away in enumerate(by.distances):
        expected = np.mean([text.inputs[1].scaling * q[i] * k[i - away] for i in range(4, 13)], axis=0)
        np.testing.assert_allclose(by.products[1, 3, :, place], expected, rtol=1e-4, atol=ROUNDING)


def test_a_window_ends_the_fall_where_it_hides_the_keys(tiny_model) -> None:
    model = tiny_model("gemma2")  # every other layer sees 4 tokens
    texts = ["The cat sat on the mat. The dog lay on the rug, because it was tired."]
    by = distance.by_distance(distance.records(model, texts, "self"), 8)
    lengths = {len(distance.score_table(by, layer, 0, [0])) for layer in range(by.first.shape[0])}
    assert lengths == {3, 8}


def test_a_head_that_does_not_fall_has_no_shares_of_a_fall() -> None:
    texts = [
        replace(each, inputs=tuple(map(rising, each.inputs)))
        for each in [vectors_record(queries=30, bias=True)]
    ]
    by = distance.by_distance(texts, 8)
    assert distance.falling_dimensions(by, 0, 0)["share"].isna().all()
    assert np.isnan(distance.added_share(by, 0, 0))


def rising(layer):
    return replace(layer, bias=-layer.bias)


def test_a_model_that_shows_only_weights_says_so() -> None:
    by = distance.by_distance([record(np.full((1, 1, 20, 20), 1 / 20))], 4)
    with pytest.raises(AttnlitError, match="only its attention"):
        distance.falling_dimensions(by, 0, 0)


def test_removing_the_first_dimensions_leaves_the_fall_of_the_others(
    decaying: Model, averages: distance.DistanceProfile
) -> None:
    order = distance.falling_dimensions(averages, 0, 2)["dimension"].tolist()
    for count, left in ((1, 0.07), (2, 0.01), (3, -0.02)):
        edit = DimensionsRemoved(kind="self", layer=0, heads=(2,), dimensions=tuple(order[:count]))
        after = distance.by_distance(distance.records(decaying, TEXTS, "self", [edit]), 20)
        row = distance.scan(after).query("layer == 0 and head == 2").iloc[0]
        assert row["fall"] == pytest.approx(left, abs=1e-4)
        assert distance.falling_dimensions(after, 0, 2)["fall"].sum() == pytest.approx(left, abs=1e-4)
