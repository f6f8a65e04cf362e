"""The planted heads do what they are said to do: other tests build on it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from attnlit.analysis.scores import repeated
from attnlit.analysis.scores.tokens import same, to_matching
from attnlit.attention import attend
from attnlit.models.model import Model
from tests import planted
from tests.tolerances import ROUNDING

pytestmark = pytest.mark.numeric


@pytest.fixture(scope="module")
def model(planted_model: Model) -> Model:
    return planted_model


def test_planted_heads_look_where_they_should_and_nowhere_else(model: Model) -> None:
    text = "the cat met the dog and the cat"
    weights = attend(model, text).weights
    expected = {
        (0, 1): [0, 0, 1, 2, 3, 4, 5, 6],
        (0, 3): [0] * 8,
        (1, 2): [0, 1, 2, 1, 4, 5, [1, 4], 2],  # after "the" came "cat" and "dog"
        (0, 2): [0, 1, 2, 0, 4, 5, [0, 3], 1],
    }
    for (layer, head), keys in expected.items():
        matrix = np.zeros((8, 8))
        for query, key in enumerate(keys):
            matrix[query, key] = 1 / np.size(key)
        np.testing.assert_array_equal(
            weights[layer, head], matrix.astype(np.float32), err_msg=f"{layer}-{head}"
        )
    even = np.tril(np.ones((8, 8))) / np.arange(1, 9)[:, None]
    np.testing.assert_allclose(weights[1, 0], even, atol=ROUNDING)


def test_the_induction_pair_predicts_what_followed(model: Model) -> None:
    from attnlit.analysis.ablation import switch_off

    effect = switch_off(model, "red cat one dog red cat one", [(1, 2)], top=3)
    right = np.exp(5) / (np.exp(5) + planted.COUNT - 1)
    dog = planted.WORDS.index("dog")
    assert effect.before[0, dog] == pytest.approx(right, abs=ROUNDING)
    assert effect.after[0, dog] == pytest.approx(1 / planted.COUNT, abs=ROUNDING)


def test_induction_is_exact_on_repeated_words(model: Model) -> None:
    ids = repeated.repeated(np.arange(2, planted.COUNT), np.random.default_rng(0), first=1)
    weights = attend(model, " ".join(planted.WORDS[each] for each in ids)).weights
    assert to_matching(weights, repeated.followed(ids))[1, 2] == pytest.approx(1.0, abs=ROUNDING)
    assert to_matching(weights, same(ids, causal=True))[0, 2] == pytest.approx(1.0, abs=ROUNDING)


def test_the_folder_opens_as_a_users_model(model: Model, tmp_path: Path) -> None:
    assert (model.layers, model.heads, model.causal, model.capture_route) == (
        2,
        planted.HEADS,
        True,
        "interface",
    )
