"""Comparisons by hand: which rows are held against each other, and how far apart they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

import attnlit
from attnlit.analysis import compare as room
from attnlit.analysis.compare import alike, most_alike, unrelated
from attnlit.attention import Attention, attend
from attnlit.attention.capture import untrained
from attnlit.errors import AttnlitError
from attnlit.models.model import Model
from tests import many
from tests.bundled import bundled
from tests.tolerances import ROUNDING

pytestmark = pytest.mark.numeric

GetModel = Callable[[str], Model]
LOG2 = float(np.log(2))


def record(weights: object, tokens: str, **more: object) -> Attention:
    array = np.asarray(weights, np.float32)
    return Attention.from_arrays(array.reshape(-1, 1, *array.shape[-2:]), tokens.split(), **more)


def divergence(one: list[float], other: list[float]) -> float:
    """Jensen-Shannon, written out once more."""
    p, q = np.array(one), np.array(other)
    middle = (p + q) / 2

    def kl(x: np.ndarray) -> float:
        return float(sum(a * np.log(a / b) for a, b in zip(x, middle, strict=True) if a > 0))

    return (kl(p) + kl(q)) / 2


def test_rows_from_the_first_other_token_on_are_compared() -> None:
    one = [[1, 0, 0], [0.5, 0.5, 0], [0.2, 0.2, 0.6]]
    other = [[1, 0, 0], [0.9, 0.1, 0], [0.6, 0.2, 0.2]]
    found = attnlit.compare(record(one, "a b c"), record(other, "a x c"))
    assert found.other_words == [(1, 1)]
    expected = np.mean([divergence([0.5, 0.5], [0.9, 0.1]), divergence(one[2], other[2])])
    assert found.distances == pytest.approx(np.array([[expected]]), abs=ROUNDING)
    even = np.mean([divergence([0.5, 0.5], [0.5, 0.5]), divergence(one[2], [1 / 3] * 3)])
    assert found.even == pytest.approx(np.array([[even]]), abs=ROUNDING)
    assert list(found.table.columns) == ["layer", "head", "difference", "even"]


def test_what_goes_to_tokens_that_do_not_line_up_counts_as_one_more() -> None:
    both_ways = {"causal": False}
    one = record([[0.1, 0.2, 0.7], [0.3, 0.3, 0.4], [0.5, 0.1, 0.4]], "a b c", **both_ways)
    other = record([[0.6, 0.4], [0.5, 0.5]], "a c", **both_ways)
    found = attnlit.compare(one, other)
    expected = [divergence([0.1, 0.7, 0.2], [0.6, 0.4, 0]), divergence([0.5, 0.4, 0.1], [0.5, 0.5, 0])]
    assert found.distances == pytest.approx(np.array([[np.mean(expected)]]), abs=ROUNDING)
    ours, theirs = found.one_head(0, 0)
    assert ours.query_tokens == theirs.query_tokens == ["a", "c"]
    np.testing.assert_allclose(ours.weights[0, 0], [[0.1, 0.7], [0.5, 0.4]], rtol=1e-6)


def test_a_record_is_not_far_from_itself_and_at_most_log_2_from_another() -> None:
    attention = attend(bundled("mini-gpt2"), "The cat sat on the mat")
    same = attnlit.compare(attention, attention)
    assert same.distances == pytest.approx(np.zeros((6, 8)), abs=ROUNDING)
    far = attnlit.compare(
        record([[1, 0], [1, 0]], "a b", causal=False), record([[0, 1]] * 2, "a b", causal=False)
    )
    assert far.distances == pytest.approx(np.array([[LOG2]]), abs=ROUNDING)


def test_the_head_that_is_most_alike_is_found_in_another_order_and_by_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    attention = attend(bundled("mini-gpt2"), "The cat sat on the mat")
    order = np.random.default_rng(0).permutation(attention.layers * attention.heads)
    flat = attention.weights.reshape(-1, 1, *attention.weights.shape[2:])[order]  # 48 layers of one head
    found = attnlit.compare(attention, replace(attention, weights=flat, inputs=(), layer_numbers=()))
    assert found.distances is None
    table = most_alike(found)
    assert order[table["other_layer"]].tolist() == list(range(48))
    assert table["distance"].max() <= ROUNDING
    assert (table["typical"] > table["distance"]).all()
    monkeypatch.setattr(alike, "AT_ONCE", 500)
    assert most_alike(found).equals(table)
    monkeypatch.setattr(alike, "MOST_NUMBERS", 48 * 48 * 7 * 8 // 2)
    assert most_alike(found)["distance"].max() <= ROUNDING


def test_two_models_with_other_tokens_line_up_by_words_and_before_training_nothing_stands_out() -> None:
    text = "The cat sat on the mat"
    gpt2, bert = (bundled(name) for name in ("mini-gpt2", "mini-bert"))
    found = attnlit.compare(attend(gpt2, text), attend(bert, text))
    assert len(found.queries[0]) - len(found.other_words) >= 6
    assert most_alike(found)[["distance", "typical"]].to_numpy().max() <= LOG2 + ROUNDING
    before = attnlit.compare(attend(gpt2, text), attend(untrained(gpt2), text))
    assert before.distances is not None
    assert before.distances.mean() > 0.1
    back = attnlit.compare(attend(untrained(gpt2), text), attend(gpt2, text))
    assert back.even.max() < before.even.max()  # before training heads look nearly evenly


def test_unrelated_sentences_are_farther_apart_than_two_that_differ_in_a_word() -> None:
    model = bundled("mini-gpt2")
    texts = ("The doctor asked the nurse a question. She", "The doctor asked the nurse a question. He")
    found = attnlit.compare(*(attend(model, text) for text in texts))
    (row,) = found.compared[0].tolist()  # only the pronoun's row can differ
    null = unrelated(model, "self", row + 1, row)
    assert null.shape == (6, 8)
    assert found.distances is not None
    assert found.distances.mean() < null.mean() < LOG2
    assert null.min() > 0
    assert not unrelated(model, "self", 1).any()  # the first token sees only itself


def test_unrelated_sentences_of_an_encoder_decoder(tiny_model: GetModel) -> None:
    for kind in ("encoder", "cross"):
        null = unrelated(tiny_model("t5"), kind, 5)
        assert (null >= 0).all()
        assert null.max() <= LOG2


def test_layers_go_by_their_number_in_the_model() -> None:
    """In a hybrid only the last layer of four has attention."""
    model = many.model("qwen3.5")
    found = attnlit.compare(*(attend(model, f"The {animal} sat on the mat") for animal in ("cat", "dog")))
    (number,) = model.layer_numbers
    assert number > 0
    assert set(found.table["layer"]) == {number}
    assert found.most_different is not None
    assert found.most_different[0] == number
    assert set(most_alike(found)["other_layer"]) == {number}
    ours, _ = found.one_head(number, 1)
    np.testing.assert_array_equal(ours.weights[0, 0], found.first.weights[0, 1])
    assert unrelated(model, "self", 5).shape == found.even.shape


def test_what_cannot_be_compared_is_a_mistake_in_words() -> None:
    one = record([[1.0]], "a")
    with pytest.raises(AttnlitError, match="weigh what is passed on"):
        attnlit.compare(one, replace(one, weighs="norm of what is passed on"))
    with pytest.raises(AttnlitError, match="No word of one text lines up"):
        attnlit.compare(record(np.eye(2), "a b"), record(np.eye(3), "x y z"))
    with pytest.raises(AttnlitError, match="no layer 3"):
        attnlit.compare(one, one).one_head(3, 0)


def test_it_is_in_the_room() -> None:
    assert attnlit.compare is room.compare
