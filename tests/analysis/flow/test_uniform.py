"""Uniform attention stays under the model's own mask: causal, windows, heads that see different keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from attnlit.analysis.flow import rollout
from attnlit.analysis.flow.uniform import uniform_weights, visible
from attnlit.attention import attend
from attnlit.models.model import Model
from tests.records import record

GetModel = Callable[[str], Model]
TEXT = "The cat sat on the mat, because it was tired."


def window(count: int, size: int) -> np.ndarray:
    back = np.arange(count)[:, None] - np.arange(count)
    return (back >= 0) & (back < size)


@pytest.mark.parametrize(
    ("architecture", "windows"),
    [
        ("gpt2", [None, None, None]),
        ("llama", [None, None, None]),
        ("bloom", [None, None, None]),
        ("gemma2", [4, None, 4]),
        ("gpt-oss", [4, None, 4]),
        ("gpt-neo", [None, 4]),
    ],
)
def test_causal_models_see_what_their_windows_let_them(
    architecture: str, windows: list[int | None], tiny_model: GetModel
) -> None:
    attention = attend(tiny_model(architecture), TEXT)
    count = len(attention.queries)
    assert count > 8
    for vectors in (attention, replace(attention, inputs=())):
        for layer, size in enumerate(windows):
            seen = visible(vectors, layer)
            assert (seen == window(count, size or count)).all(), layer
            even = uniform_weights(vectors, layer)
            np.testing.assert_allclose(even.sum(axis=-1), 1)
            assert np.ptp(even[0, -1][seen[0, -1]]) == 0


@pytest.mark.parametrize("architecture", ["bert", "deberta-v2", "electra"])
def test_models_of_both_directions_see_everything(architecture: str, tiny_model: GetModel) -> None:
    attention = attend(tiny_model(architecture), TEXT)
    assert all(visible(attention, layer).all() for layer in range(attention.layers))


@pytest.mark.parametrize("kind", ["encoder", "decoder"])
@pytest.mark.parametrize("architecture", ["t5", "bart"])
def test_both_halves_of_an_encoder_decoder(architecture: str, kind: str, tiny_model: GetModel) -> None:
    attention = attend(tiny_model(architecture), TEXT, "Der Hund schlief.", kind)
    count = len(attention.queries)
    expected = np.tri(count, dtype=bool) if kind == "decoder" else np.ones((count, count), bool)
    assert all((visible(attention, layer) == expected).all() for layer in range(attention.layers))


def test_a_window_keeps_uniform_attention_from_what_is_out_of_reach() -> None:
    banded = window(6, 2) / window(6, 2).sum(axis=-1, keepdims=True)
    even = rollout(record(np.stack([banded, banded])[:, None], list("abcdef"), causal=True))
    assert even.uniform[-1, 5, :3].tolist() == [0, 0, 0]
    np.testing.assert_allclose(even.uniform[-1, 5, 3:], [1 / 16, 6 / 16, 9 / 16])
    assert np.isnan(even.ratio[-1, 5, :3]).all()


def test_a_sink_is_the_models_choice_and_not_the_masks(tiny_model: GetModel) -> None:
    attention = attend(tiny_model("gpt-oss"), TEXT)
    rolled = rollout(attention)
    kept = attention.weights.sum(axis=-1).mean(axis=1)  # (layers, queries)
    np.testing.assert_allclose(rolled.nowhere[0], (1 - kept[0]) / 2, atol=1e-5)
    assert rolled.nowhere[-1].min() > 0.05
    np.testing.assert_allclose(rolled.uniform.sum(axis=-1), 1, atol=1e-9)
