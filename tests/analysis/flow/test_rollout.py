"""Rollout against sums over all paths, planted heads with exact answers, and the null's known numbers."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise, product
from math import comb
from pathlib import Path

import numpy as np
import pytest

import attnlit
from attnlit.analysis.flow import rollout
from attnlit.attention import Attention, attend, load
from attnlit.attention.filters import between, hide_and_renormalise, hide_special
from attnlit.attention.values import passed_on
from attnlit.attention.words import merge_words
from attnlit.errors import AttnlitError
from attnlit.models.model import Model
from tests.analysis.flow.hand_made import looking_at, with_sink
from tests.planted import blank, first_token, previous_token, save
from tests.records import random_record

pytestmark = pytest.mark.numeric

GetModel = Callable[[str], Model]


def share_over_paths(attention: Attention, query: int, key: int, *, residual: bool = True) -> float:
    """The sum over every path of tokens from the query down to the key of the product of its steps."""
    layers, heads, count, _ = attention.weights.shape
    total = 0.0
    for between_layers in product(range(count), repeat=layers - 1):
        path = (query, *between_layers, key)  # from above the last layer to below the first
        weight = 1.0
        for step, (above, below) in enumerate(pairwise(path)):
            looked = sum(attention.weights[layers - 1 - step, head, above, below] for head in range(heads))
            looked /= heads
            weight *= (looked + (above == below)) / 2 if residual else looked
        total += weight
    return total


@pytest.mark.parametrize("residual", [True, False])
@pytest.mark.parametrize("causal", [True, False])
def test_a_share_is_the_sum_over_all_paths(causal: bool, residual: bool) -> None:
    attention = random_record(layers=3, heads=2, queries=4, causal=causal)
    rolled = rollout(attention, residual=residual).matrices
    expected = [[share_over_paths(attention, i, j, residual=residual) for j in range(4)] for i in range(4)]
    np.testing.assert_allclose(rolled[-1], expected, atol=1e-6)


def test_later_layers_stand_on_the_left() -> None:
    first, second = [0, 0, 1], [0, 1, 0]  # layer 0: token 2 looks at 1; layer 1: token 2 looks at 0
    attention = looking_at([first, second])
    assert rollout(attention, residual=False).matrices[-1, 2].tolist() == [1, 0, 0]
    # From the left: half stays through layer 1, of which layer 0 leaves half and gives half to token 1.
    assert rollout(attention).matrices[-1, 2].tolist() == [0.5, 0.25, 0.25]


def test_the_first_matrix_has_its_residual_and_each_layer_is_kept() -> None:
    attention = random_record(layers=3, queries=5)
    looked = attention.weights.astype(float).mean(axis=1)
    halved = (looked + np.eye(5)) / 2
    rolled = rollout(attention).matrices
    np.testing.assert_allclose(rolled[0], halved[0], atol=1e-7)
    np.testing.assert_allclose(rolled[1], halved[1] @ halved[0], atol=1e-7)
    np.testing.assert_allclose(rolled.sum(axis=-1), 1, atol=1e-6)


def test_looking_at_itself_rolls_out_to_itself() -> None:
    attention = looking_at([list(range(5))] * 4)
    assert (rollout(attention).matrices == np.eye(5)).all()


@pytest.mark.parametrize("layers", [1, 2, 4])
def test_previous_token_heads_walk_back_a_token_a_layer(layers: int) -> None:
    attention = looking_at([[0, 0, 1, 2, 3, 4, 5, 6]] * layers)
    alone = rollout(attention, residual=False).matrices[-1, 7]
    assert alone.tolist() == [float(place == 7 - layers) for place in range(8)]
    halved = rollout(attention).matrices[-1, 7]
    assert halved.tolist() == [
        comb(layers, 7 - place) / 2**layers if place >= 7 - layers else 0 for place in range(8)
    ]


def test_planted_heads_of_a_model_have_exact_answers(tmp_path: Path) -> None:
    module = blank(layers=2)
    previous_token(module, layer=0, head=1)
    first_token(module, layer=1, head=2)
    attention = attend(load(str(save(module, tmp_path / "planted"))), "the cat saw the dog today")
    both = rollout(attention, heads=[(0, 1), (1, 2)])
    last = len(attention.queries) - 1
    expected = np.zeros(last + 1)
    expected[[0, last - 1, last]] = [0.5, 0.25, 0.25]
    np.testing.assert_allclose(both.matrices[-1, last], expected, atol=1e-6)


def test_a_layer_without_a_chosen_head_changes_nothing() -> None:
    attention = random_record(layers=2, heads=3, queries=4)
    one = rollout(attention, heads=[(1, 2)], residual=False)
    np.testing.assert_allclose(one.matrices[-1], attention.weights[1, 2], atol=1e-7)


@pytest.mark.parametrize(
    ("depth", "share"), [(1, 0.016), (2, 0.047), (4, 0.155), (6, 0.301), (12, 0.714), (24, 0.980)]
)
def test_uniform_causal_attention_gives_the_first_token_what_was_published(depth: int, share: float) -> None:
    even = rollout(random_record(layers=depth, heads=2, queries=32, causal=True), uniform=True)
    assert even.matrices[-1, -1, 0] == pytest.approx(share, abs=0.0006)
    np.testing.assert_array_equal(even.matrices, even.uniform)
    assert rollout(random_record(layers=depth, queries=32, causal=True)).uniform[-1, -1, 0] == pytest.approx(
        share, abs=0.0006
    )


def test_uniform_attention_in_both_directions_gives_each_other_token_the_same() -> None:
    even = rollout(random_record(layers=3, queries=6), uniform=True).matrices[-1, 4]
    assert np.ptp(np.delete(even, 4)) < 1e-9
    assert even[4] > even[3]


def test_the_ratio_is_to_uniform_and_missing_where_the_mask_hides() -> None:
    rolled = rollout(random_record(layers=2, queries=5, causal=True))
    ratio = rolled.ratio[-1]
    assert np.isnan(ratio[np.triu_indices(5, 1)]).all()
    seen = np.tri(5, dtype=bool)
    np.testing.assert_allclose(ratio[seen] * rolled.uniform[-1][seen], rolled.matrices[-1][seen])
    assert rollout(random_record(layers=2, queries=5), uniform=True).ratio == pytest.approx(1)


def test_what_a_sink_takes_goes_nowhere_and_is_not_shared_out() -> None:
    kept = 0.6
    attention = with_sink(random_record(layers=3, queries=5, causal=True), kept)
    rolled = rollout(attention)
    # However the rest is shared out, each layer keeps half of a row, and of its attention `kept`.
    for layer in range(3):
        np.testing.assert_allclose(rolled.nowhere[layer], 1 - ((1 + kept) / 2) ** (layer + 1), atol=1e-6)
    np.testing.assert_allclose(rolled.matrices[-1].sum(axis=-1) + rolled.nowhere[-1], 1, atol=1e-6)
    np.testing.assert_allclose(rollout(attention, uniform=True).nowhere, 0, atol=1e-9)
    routes = rollout(attention).routes(3)
    assert routes.nowhere == pytest.approx(rolled.nowhere[-1, 3])


def test_routes_end_in_the_rollout_and_lose_nothing_on_the_way() -> None:
    attention = random_record(layers=4, queries=6, causal=True)
    rolled, routes = rollout(attention), rollout(attention).routes(4)
    np.testing.assert_allclose(routes.shares, rolled.matrices[-1, 4], atol=1e-9)
    np.testing.assert_allclose(routes.uniform_nodes[0], rolled.uniform[-1, 4], atol=1e-9)
    np.testing.assert_allclose(routes.ratio, rolled.ratio[-1, 4])
    for layer in range(4):
        np.testing.assert_allclose(routes.edges[layer].sum(axis=0), routes.nodes[layer], atol=1e-9)
        np.testing.assert_allclose(routes.edges[layer].sum(axis=1), routes.nodes[layer + 1], atol=1e-9)
    assert routes.nodes[-1].tolist() == [0, 0, 0, 0, 1, 0]
    table = routes.table()
    assert table["token"].tolist() == attention.query_tokens
    np.testing.assert_allclose(table["share"], routes.shares)


def test_an_edge_carries_what_all_paths_through_it_carry() -> None:
    attention = looking_at([[0, 0, 0], [0, 1, 1]])
    edges = rollout(attention).routes(2).edges
    assert edges[1].tolist() == [[0, 0, 0], [0, 0, 0], [0, 0.5, 0.5]]
    assert edges[0].tolist() == [[0, 0, 0], [0.25, 0.25, 0], [0.25, 0, 0.25]]


def test_contributions_replace_the_weights_and_bring_their_own_residual() -> None:
    attention = random_record(layers=2, queries=3, causal=True)
    measured = np.array([[[2.0, 0, 0], [1, 3, 0], [1, 1, 2]], [[1, 0, 0], [0, 1, 0], [3, 0, 1]]])
    even = np.stack([np.tri(3)] * 2)
    rolled = rollout(attention, contributions=(measured, even))
    np.testing.assert_allclose(rolled.matrices[0], [[1, 0, 0], [0.25, 0.75, 0], [0.25, 0.25, 0.5]])
    np.testing.assert_allclose(rolled.matrices[1, 2], [0.75 + 0.25 * 0.25, 0.25 * 0.25, 0.25 * 0.5])
    assert rolled.routes(2).shares == pytest.approx(rolled.matrices[1, 2])
    assert rolled.way == "contributions"
    np.testing.assert_allclose(rolled.uniform[0], np.tri(3) / [[1], [2], [3]])
    assert (rollout(attention, uniform=True, contributions=(measured, even)).ratio[-1][2] == 1).all()
    for other in ({"heads": [(0, 0)]}, {"residual": False}):
        with pytest.raises(AttnlitError, match="leave `heads` and `residual` out"):
            rollout(attention, contributions=(measured, even), **other)


@pytest.mark.parametrize(
    ("contributions", "says"),
    [
        (np.ones((2, 3)), "shape"),
        (np.full((2, 3, 3), -1.0), "not negative"),
        (np.full((2, 3, 3), np.nan), "finite"),
        (np.zeros((2, 3, 3)), "no contributions at all"),
    ],
)
def test_contributions_that_are_none_are_refused(contributions: np.ndarray, says: str) -> None:
    with pytest.raises(AttnlitError, match=says):
        rollout(random_record(queries=3), contributions=(contributions, contributions))


def test_cross_attention_is_refused_and_encoder_and_decoder_are_not(tiny_model: GetModel) -> None:
    model = tiny_model("t5")
    for kind in ("encoder", "decoder"):
        rolled = rollout(attend(model, "The cat sat.", "Der Hund.", kind))
        np.testing.assert_allclose(rolled.matrices.sum(axis=-1), 1, atol=1e-5)
    with pytest.raises(AttnlitError, match="Choose the encoder or the decoder"):
        rollout(attend(model, "The cat sat.", "Der Hund.", "cross"))


def test_filtered_and_merged_records_are_refused(tiny_model: GetModel) -> None:
    whole = attend(tiny_model("bert"), "Unbelievable cats sat.", "The dog lay.")
    with pytest.raises(AttnlitError, match="lengths of vectors"):
        rollout(passed_on(tiny_model("bert"), "Unbelievable cats sat."))
    for part in (
        between(whole, "A→A"),
        hide_special(whole),
        hide_and_renormalise(whole, {0}),
        merge_words(whole),
    ):
        with pytest.raises(AttnlitError, match="the whole record is needed"):
            rollout(part)


def test_tokens_and_heads_that_do_not_exist_are_named() -> None:
    attention = random_record(queries=5)
    with pytest.raises(AttnlitError, match="there is no token 5"):
        rollout(attention).routes(5)
    with pytest.raises(AttnlitError, match="there is no head 9"):
        rollout(attention, heads=[(0, 9)])


def test_it_is_a_public_name() -> None:
    assert attnlit.rollout is rollout


@pytest.mark.parametrize("queries", [1, 3])
def test_tokens_that_look_at_others_have_no_layers_to_follow(queries: int) -> None:
    weights = np.full((2, 2, queries, 4), 0.25)
    step = Attention.from_arrays(weights, list("abcd")[-queries:], key_tokens=list("abcd"))
    with pytest.raises(AttnlitError, match=f"{queries} look at 4 others"):
        rollout(step)
