"""Of what a word of an answer read how much: sums known beforehand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attnlit.analysis.reads import even_of_each, read_by_span, read_by_word, read_of_each
from attnlit.attention.record import PASSED_ON
from attnlit.errors import AttnlitError
from tests.answers import ROWS, made_answer

FIRST = ((0, 0),)


def test_the_row_that_wrote_a_word_is_the_one_before_it_and_its_own_is_how_it_was_read() -> None:
    answer = made_answer()
    np.testing.assert_allclose(read_of_each(answer, heads=FIRST), [ROWS[3], ROWS[4], ROWS[5]])
    np.testing.assert_allclose(read_of_each(answer, [2], FIRST, once_read=True), [ROWS[6]])
    both = (np.array(ROWS[4]) + np.eye(7)[4]) / 2
    np.testing.assert_allclose(read_of_each(answer, [1]), [both])


def test_sums_by_span_and_what_a_sink_took() -> None:
    table = read_by_span(made_answer(), heads=FIRST)
    assert table["word"].tolist() == ["be", "cause", "sky"]
    assert table["template"].tolist() == [0.25, 0, 0.5]
    assert table["user"].tolist() == [0.75, 1, 0]
    assert table["answer"].tolist() == [0, 0, 0.5]
    assert table["probability"].tolist() == [0.5, 0.25, 1]
    assert "nowhere" not in table
    lost = read_by_span(made_answer(kept=0.75), heads=FIRST)
    assert lost["nowhere"].tolist() == pytest.approx([0.25] * 3)
    spans = lost[["template", "user", "answer", "nowhere"]]
    np.testing.assert_allclose(spans.sum(axis=1), 1, atol=1e-6)


def test_sums_by_word_put_pieces_together_beside_even_attention() -> None:
    table = read_by_word(made_answer(), [2], FIRST)
    assert table["word"].tolist()[:2] in (["<s>", "because"], ["because", "<s>"])
    because = table[table["word"] == "because"].iloc[0]
    assert because["share"] == pytest.approx(0.5)
    assert because["even"] == pytest.approx(2 / 3)  # of the three tokens that any head sees in row 5
    assert because["span"] == "answer"
    assert because["position"] == 4
    assert table["share"].sum() == pytest.approx(1)
    assert table["even"].sum() == pytest.approx(1)
    two = read_by_word(made_answer(), [0, 1], FIRST).set_index("word")["share"]
    assert two["blue"] == pytest.approx((0.25 + 1) / 2)


def test_even_attention_is_even_over_what_a_row_may_see() -> None:
    # No mask is recorded here, so what gets weight from any head counts as seen.
    np.testing.assert_allclose(even_of_each(made_answer(), [0], FIRST), [[0.25] * 4 + [0] * 3])
    np.testing.assert_allclose(even_of_each(made_answer(), [0], FIRST, once_read=True)[0][:3], [0, 0, 0.5])


def test_what_is_passed_on_is_counted_in_shares() -> None:
    answer = made_answer()
    norms = replace(answer, weights=answer.weights * np.float32(7), weighs=PASSED_ON)
    np.testing.assert_allclose(read_of_each(norms, [0], FIRST), [ROWS[3]], atol=1e-6)
    table = read_by_word(norms, [0], FIRST)
    assert "even" not in table
    assert table["share"].sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("answer", "asked", "told"),
    [
        (replace(made_answer(), written=()), {}, "holds no answer"),
        (replace(made_answer(), whole=False), {}, "need the whole record"),
        (made_answer(), {"words": [3]}, "3 tokens, counted from 0: there is no token 3"),
        (made_answer(), {"heads": []}, "No head is chosen"),
        (made_answer(), {"heads": [(0, 2)]}, "there is no head 2"),
    ],
)
def test_mistakes_are_answered_in_words(answer: object, asked: dict, told: str) -> None:
    with pytest.raises(AttnlitError, match=told):
        read_by_span(answer, **asked)  # type: ignore[arg-type]
