"""Attention flow against networkx, and networks whose greatest flow is plain to see."""

from __future__ import annotations

from dataclasses import replace

import networkx
import numpy as np
import pytest

import attnlit
from attnlit.analysis.flow import flow, rollout
from attnlit.attention import Attention
from attnlit.errors import AttnlitError
from tests.analysis.flow.hand_made import looking_at, with_sink
from tests.records import random_record

MILLIONTHS = 1e-5  # capacities are rounded to whole millionths, and a flow crosses several


def by_networkx(attention: Attention, query: int, *, residual: bool = True) -> tuple[np.ndarray, float]:
    """The definition, before it is divided by the sum: to each input token, and to nowhere.

    One node a token and layer, capacities in floats, one maximum flow an input token.
    """
    layers, _, count, _ = attention.weights.shape
    graph = networkx.DiGraph()
    graph.add_nodes_from((level, token) for level in range(layers + 1) for token in range(count))
    graph.add_node("nowhere")
    for layer in range(layers):
        looked = attention.weights[layer].astype(float).mean(axis=0)
        matrix = (looked + np.eye(count)) / 2 if residual else looked
        for i in range(count):
            for j in range(count):
                if matrix[i, j] > 0:
                    graph.add_edge((layer + 1, i), (layer, j), capacity=matrix[i, j])
            if matrix[i].sum() < 1 - 1e-6:
                graph.add_edge((layer + 1, i), "nowhere", capacity=1 - matrix[i].sum())
    found = [networkx.maximum_flow_value(graph, (layers, query), (0, j)) for j in range(count)]
    nowhere = networkx.maximum_flow_value(graph, (layers, query), "nowhere")
    return np.array(found), nowhere


@pytest.mark.parametrize("residual", [True, False])
@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize(("layers", "query"), [(1, 3), (2, 6), (4, 5)])
def test_it_is_the_maximum_flow_to_each_token(layers: int, query: int, causal: bool, residual: bool) -> None:
    attention = random_record(layers=layers, heads=2, queries=7, causal=causal, seed=layers)
    values, _ = by_networkx(attention, query, residual=residual)
    found = flow(attention, query, residual=residual)
    np.testing.assert_allclose(found.shares, values / values.sum(), atol=MILLIONTHS)
    assert found.nowhere == pytest.approx(0, abs=MILLIONTHS)


def test_the_null_is_the_maximum_flow_of_uniform_attention() -> None:
    attention = random_record(layers=3, queries=6, causal=True)
    even = attention.weights * 0 + np.tri(6) / np.arange(1, 7)[:, None]
    values, _ = by_networkx(replace(attention, weights=even.astype(np.float32)), 5)
    expected = values / values.sum()
    np.testing.assert_allclose(flow(attention, 5).uniform_nodes[0], expected, atol=MILLIONTHS)
    np.testing.assert_allclose(flow(attention, 5, uniform=True).shares, expected, atol=MILLIONTHS)


def test_what_a_sink_takes_flows_nowhere() -> None:
    attention = with_sink(random_record(layers=3, queries=6, causal=True), 0.7)
    values, nowhere = by_networkx(attention, 4)
    total = values.sum() + nowhere
    found = flow(attention, 4)
    np.testing.assert_allclose(found.shares, values / total, atol=MILLIONTHS)
    assert found.nowhere == pytest.approx(nowhere / total, abs=MILLIONTHS)
    assert nowhere / total > 0.1


def test_the_edges_carry_the_shares_within_their_capacities() -> None:
    attention = random_record(layers=3, queries=6, causal=True)
    found = flow(attention, 5)
    np.testing.assert_allclose(found.nodes.sum(axis=1), 1)
    for layer in range(3):  # what flows into a token flows on
        np.testing.assert_allclose(found.edges[layer].sum(axis=1), found.nodes[layer + 1], atol=1e-9)
    # Only the flow to an input token ends in it, so the edges into it carry no more than their capacity.
    values, _ = by_networkx(attention, 5)
    into_inputs = (attention.weights[0].astype(float).mean(axis=0) + np.eye(6)) / 2
    carried = found.edges[0] * values.sum()
    assert (carried <= into_inputs + MILLIONTHS).all()
    np.testing.assert_allclose(carried.sum(axis=0), values, atol=MILLIONTHS)


def test_one_way_has_one_answer_and_a_bottleneck_is_felt() -> None:
    one_way = flow(looking_at([[0, 0, 1], [0, 0, 1]]), 2, residual=False)
    assert one_way.shares.tolist() == [1, 0, 0]
    # Token 2 looks at 1 in layer 1 and 1 at 0 in layer 0: every edge on the way carries a half.
    halved = flow(looking_at([[0, 0, 2], [0, 1, 1]]), 2)
    assert halved.shares.tolist() == pytest.approx([0.5 / 1.5, 0.5 / 1.5, 0.5 / 1.5])
    assert rollout(looking_at([[0, 0, 2], [0, 1, 1]])).routes(2).shares.tolist() == [0.25, 0.25, 0.5]


def test_a_text_that_is_too_long_is_refused_with_the_longest_that_is_not() -> None:
    with pytest.raises(AttnlitError, match="up to 90 tokens, and this text has 91"):
        flow(random_record(layers=12, heads=1, queries=91), 3)


def test_a_token_that_does_not_exist_is_named() -> None:
    with pytest.raises(AttnlitError, match="there is no token 5"):
        flow(random_record(queries=5), 5)


def test_it_is_a_public_name() -> None:
    assert attnlit.flow is flow
