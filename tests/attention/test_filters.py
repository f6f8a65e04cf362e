"""Filters are slices of the record; only hide-and-renormalise changes weights."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from attnlit.attention import Attention, attend
from attnlit.attention.filters import (
    BETWEEN,
    between,
    has_pair,
    hide_and_renormalise,
    hide_special,
    keep,
)
from attnlit.errors import AttnlitError
from attnlit.models.model import Model
from tests.tolerances import ROUNDING

GetModel = Callable[[str], Model]
TEXT, PAIR = "The cat sat on the mat.", "It was tired, because it was old."


@pytest.fixture(scope="module", params=["bert", "roberta", "gpt2", "gemma2", "deberta-v2"])
def record(request: pytest.FixtureRequest, tiny_model: GetModel) -> Attention:
    return attend(tiny_model(request.param), TEXT, PAIR)


def shown(tokens: list[str]) -> str:
    return "".join(tokens).replace("␣", "")


@pytest.mark.parametrize("which", BETWEEN[1:])
def test_a_filter_is_the_slice_between_two_sentences(record: Attention, which: str) -> None:
    part = between(record, which)
    texts = {"A": TEXT.replace(" ", ""), "B": PAIR.replace(" ", "")}
    looking, looked_at = which.split("→")
    assert shown(part.query_tokens) == texts[looking]
    assert shown(part.key_tokens) == texts[looked_at]
    for row, query in enumerate(part.queries):
        for column, key in enumerate(part.keys):
            whole = record.weights[:, :, query.position, key.position]
            np.testing.assert_array_equal(part.weights[:, :, row, column], whole)


def test_all_is_everything(record: Attention) -> None:
    assert between(record, "All") is record


def test_sentence_filters_copy_nothing(record: Attention) -> None:
    assert np.shares_memory(between(record, "A→B").weights, record.weights)


def test_nobody_can_write_through_a_filter(record: Attention) -> None:
    for part in (between(record, "A→A"), hide_special(record), hide_and_renormalise(record, {0})):
        with pytest.raises(ValueError, match="read-only"):
            part.weights[:] = 0


def test_queries_keys_and_scores_follow_the_filter(record: Attention) -> None:
    part = between(record, "B→A")
    whole, vectors = record.vectors(1, 2), part.vectors(1, 2)
    rows = [token.position for token in part.queries]
    columns = [token.position for token in part.keys]
    np.testing.assert_array_equal(vectors.q, whole.q[rows])
    np.testing.assert_array_equal(vectors.k, whole.k[columns])
    np.testing.assert_array_equal(vectors.scores, whole.scores[np.ix_(rows, columns)])


def test_hiding_special_tokens_leaves_the_text_and_its_weights(record: Attention) -> None:
    part = hide_special(record)
    assert not any(token.special for token in (*part.queries, *part.keys))
    assert shown(part.query_tokens) == (TEXT + PAIR).replace(" ", "")
    rows = [token.position for token in part.queries]
    np.testing.assert_array_equal(part.weights, record.weights[:, :, rows][:, :, :, rows])


def test_filters_combine_in_any_order(record: Attention) -> None:
    one = hide_special(between(record, "A→B"))
    other = between(hide_special(record), "A→B")
    assert one.queries == other.queries
    np.testing.assert_array_equal(one.weights, other.weights)


def test_renormalised_rows_sum_to_one_again(record: Attention) -> None:
    part = hide_and_renormalise(record, {0})
    assert [token.position for token in part.keys] == list(range(1, len(record.keys)))
    assert part.queries == record.queries
    sums = part.weights.sum(axis=-1)
    empty = record.weights[..., 1:].sum(axis=-1) < ROUNDING
    np.testing.assert_allclose(sums[~empty], 1, atol=ROUNDING)
    assert np.isnan(part.weights[empty]).all()
    ratio = part.weights[0, 0, 2] * record.weights[0, 0, 2, 1:].sum()
    np.testing.assert_allclose(ratio, record.weights[0, 0, 2, 1:], atol=ROUNDING)


def test_a_row_with_nothing_left_is_empty_and_not_zero(tiny_model: GetModel) -> None:
    causal = attend(tiny_model("gpt2"), TEXT)  # the first token can only look at itself
    part = hide_and_renormalise(causal, {0})
    assert np.isnan(part.weights[:, :, 0]).all()
    assert not np.isnan(part.weights[:, :, -1]).any()


def test_hiding_keys_changes_no_score(record: Attention) -> None:
    part = hide_and_renormalise(record, {0})
    np.testing.assert_array_equal(part.vectors(0, 1).scores, record.vectors(0, 1).scores[:, 1:])


def test_sentence_filters_need_two_sentences(tiny_model: GetModel) -> None:
    alone = attend(tiny_model("bert"), TEXT)
    assert not has_pair(alone)
    with pytest.raises(AttnlitError, match="needs two sentences"):
        between(alone, "A→B")
    with pytest.raises(AttnlitError, match="needs two sentences"):
        between(attend(tiny_model("t5"), TEXT, PAIR), "A→B")  # two texts, but never in one picture


def test_an_unknown_filter_names_those_there_are(record: Attention) -> None:
    with pytest.raises(AttnlitError, match="A→A, A→B"):
        between(record, "C→A")


def test_nothing_left_is_a_mistake_in_words(tiny_model: GetModel) -> None:
    alone = attend(tiny_model("bert"), "cat")
    with pytest.raises(AttnlitError, match="Nothing is left"):
        hide_and_renormalise(alone, range(3))


def test_only_a_record_of_everything_is_whole(record: Attention) -> None:
    tokens = range(len(record.queries))
    assert record.whole
    assert keep(record, tokens, tokens).whole
    for part in (
        between(record, "A→A"),
        keep(record, tokens, tokens[1:]),
        hide_and_renormalise(record, {0}),
        hide_and_renormalise(record, set()),  # rescaled, even where nothing is hidden
        keep(between(record, "A→A"), [0], [0]),
    ):
        assert not part.whole
