"""Sentences say what the weights say, and tokens in them are no markup."""

from __future__ import annotations

import numpy as np
import pytest

from attnlit.analysis.scores import RESTS
from attnlit.attention.filters import hide_special, keep
from attnlit.wording import escaped, percent
from attnlit.words.names import token_name
from attnlit.words.read_out import read_out
from attnlit.words.roles import role_in_words
from tests.records import record, tokens

WORDS = ["[CLS]", "the", "cat", "saw", "the", "[SEP]"]


def weights_of_row(row: list[float], query: int, heads: int = 1) -> np.ndarray:
    weights = np.full((1, heads, 6, 6), 1 / 6)
    weights[0, 0, query] = row
    return weights


def test_the_strongest_and_the_second_token_are_named_with_their_weights() -> None:
    attention = record(weights_of_row([0.04, 0.1, 0.62, 0.2, 0.02, 0.02], 3), WORDS)
    assert read_out(attention, 0, [0], 3) == ["*saw* looks mostly at *cat* (62%), then at itself (20%)."]


def test_a_repeated_word_is_named_with_its_number() -> None:
    attention = record(weights_of_row([0, 0.05, 0.05, 0.1, 0.3, 0.5], 4), WORDS)
    [first, *_] = read_out(attention, 0, [0], 4)
    assert first == "The 2nd *the* looks mostly at *\\[SEP\\]* (50%), then at itself (30%)."


def test_several_heads_are_averaged_and_the_most_focused_one_is_named() -> None:
    weights = weights_of_row([0, 0, 0, 1, 0, 0], 2, heads=2)
    weights[0, 1, 2] = [0.2, 0.2, 0.3, 0.1, 0.1, 0.1]
    sentences = read_out(record(weights, WORDS), 0, [0, 1], 2)
    assert sentences[0] == "On average over 2 heads, *cat* looks mostly at *saw* (55%), then at itself (15%)."
    assert sentences[1] == "Head 0 is the most focused: 100% to *saw*."


def test_spread_attention_is_called_so() -> None:
    assert "looks at many tokens" in read_out(record(np.full((1, 1, 6, 6), 1 / 6), WORDS), 0, [0], 2)[0]


LONGER = [*WORDS[:-1], "and", "then", "went", "home", "[SEP]"]


def test_a_head_that_rests_on_the_first_token_is_called_so_without_a_reason() -> None:
    resting = np.zeros((1, 1, 10, 10))
    resting[..., 0], resting[..., 9], resting[..., 2] = 0.5, 0.3, 0.2
    last = read_out(record(resting, LONGER), 0, [0], 3)[-1]
    assert last.startswith(
        "*\\[CLS\\]* is the first token, a mark that the tokenizer added. "
        "This head rests on it: the tokens here give it 50% of their attention."
    )
    assert last.endswith("Only switching the head off shows whether that does anything.")
    assert "nothing" not in last  # no reason is given: none was measured
    busy = np.zeros((1, 1, 10, 10))
    busy[..., 2] = 1
    busy[0, 0, 3] = [0.9, 0.1, *[0] * 8]
    assert "rests on it" not in " ".join(read_out(record(busy, LONGER), 0, [0], 3))


def test_a_head_rests_on_the_first_token_from_the_share_from_which_it_has_that_role() -> None:
    """The sentence about a picture and the role of the head must not contradict each other."""
    for share in (RESTS.least - 0.01, RESTS.least + 0.01):
        weights = np.zeros((1, 2, 10, 10))
        weights[..., 0], weights[..., 2] = share, 1 - share
        weights[0, :, 3, [0, 2]] = [[share + 0.05] * 2, [0.95 - share] * 2]  # a token that looks there more,
        weights[0, :, 4, [0, 2]] = [[share - 0.05] * 2, [1.05 - share] * 2]  # and one that does less
        weights[0, :, 3, 2], weights[0, :, 3, 5:8] = 0, (0.95 - share) / 3  # so that it looks there most
        attention = record(weights, [f"w{place}" for place in range(10)])
        rests = share > RESTS.least
        assert ("rests on it" in read_out(attention, 0, [0], 3)[-1]) == rests
        assert ("2 of these 2 heads rest on it" in read_out(attention, 0, [0, 1], 3)[-1]) == rests
        assert ("first-token head" in role_in_words(attention, 0, 0)) == rests


def test_of_a_short_text_no_head_is_said_to_rest() -> None:
    for count in range(2, 12):
        even = np.tri(count) / np.arange(1, count + 1)[:, None]
        attention = record(even[None, None], [f"w{place}" for place in range(count)], causal=True)
        assert "rests on it" not in " ".join(read_out(attention, 0, [0], 1))


def test_a_separator_is_explained_and_is_not_the_first_token() -> None:
    weights = np.zeros((1, 1, 10, 10))
    weights[..., 9] = 1
    last = read_out(record(weights, LONGER), 0, [0], 3)[-1]
    assert last == "*\\[SEP\\]* is a mark that the tokenizer added."


def test_a_causal_first_token_and_an_empty_row_have_their_own_words() -> None:
    words = ["One", "two", "three"]
    causal = record(np.tri(3)[None, None] / [[1], [2], [3]], words, causal=True)
    assert read_out(causal, 0, [0], 0) == [
        "*One* can look only at itself: the model hides later tokens from it."
    ]
    empty = np.full((1, 1, 3, 3), np.nan)
    assert read_out(record(empty, words), 0, [0], 1) == ["*two* looks at none of the tokens shown here."]


def test_what_a_filter_hides_is_not_said_to_be_hidden_by_the_model() -> None:
    words = ["[CLS]", "One", "two", "three"]
    weights = np.eye(4) * 0.1
    weights[:, 0] += 0.9
    weights[3] = [0.7, 0.2, 0.05, 0.05]
    hidden = hide_special(record(weights[None, None], words, causal=True))
    assert read_out(hidden, 0, [0], 0) == ["Of the tokens shown here *One* looks most at itself (10%)."]
    assert read_out(hidden, 0, [0], 2)[0].startswith(
        "Of the tokens shown here *three* looks most at *One* (20%)"
    )
    mostly_shown = keep(record(np.tri(4)[None, None] / 4, words, causal=True), [3], [1, 2, 3])
    assert read_out(mostly_shown, 0, [0], 0)[0].startswith("*three* looks most at")


def test_a_mean_leaves_out_the_heads_that_have_nothing_left() -> None:
    weights = np.full((1, 3, 2, 2), 0.5)
    weights[0, 1] = np.nan
    attention = record(weights, ["One", "two"])
    assert read_out(attention, 0, [0, 1, 2], 1)[0] == (
        "On average over 3 heads, *two* looks mostly at *One* (50%), then at itself (50%)."
    )
    assert "*One* (50%)" in read_out(attention, 0, [0, 1, 2], key=1)[0]


def test_who_looks_at_a_token() -> None:
    weights = np.zeros((1, 1, 6, 6))
    weights[..., 0] = 1
    weights[0, 0, 3] = [0.3, 0, 0.7, 0, 0, 0]
    weights[0, 0, 2] = [0.8, 0, 0.2, 0, 0, 0]
    attention = record(weights, WORDS)
    assert read_out(attention, 0, [0], key=2) == ["*cat* gets most from *saw* (70%), then *cat* (20%)."]
    assert read_out(attention, 0, [0], key=5) == ["No token gives *\\[SEP\\]* more than 0.0%."]


@pytest.mark.parametrize("text", ["**bold**", "<b>", ":red[x]", "$x$", "`code`", "[a](b)", "\\"])
def test_no_character_of_a_token_is_markup(text: str) -> None:
    safe = escaped(text)
    marks = [place for place, character in enumerate(safe) if not character.isalnum() and character != "\\"]
    assert all(safe[place - 1] == "\\" for place in marks)
    assert safe.replace("\\\\", "\0").replace("\\", "").replace("\0", "\\") == text


def test_a_token_of_white_space_is_visible_and_breaks_no_line() -> None:
    assert escaped("\n") == "␣"
    assert token_name(tokens(["a\n\nb"]), 0) == "*a↵b*"


@pytest.mark.parametrize(("weight", "text"), [(0.62, "62%"), (0.0996, "10%"), (0.034, "3.4%"), (1.0, "100%")])
def test_weights_are_written_as_percent(weight: float, text: str) -> None:
    assert percent(weight) == text
