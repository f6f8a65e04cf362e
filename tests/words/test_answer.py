"""Sentences about an answer: how sure the model was, and what it read."""

from __future__ import annotations

from dataclasses import replace

from attnlit.attention.answers import Written
from attnlit.attention.record import PASSED_ON
from attnlit.words.answer import NOTHING, read_in_words, said_in_words, word_in_words
from tests.answers import WRITTEN, made_answer

FIRST = ((0, 0),)


def test_how_sure_the_model_was() -> None:
    answer = made_answer()
    assert said_in_words(answer) == (
        "It wrote 3 tokens. It was surest of *sky* (100%), and least sure of *cause* (25%)."
    )
    assert said_in_words(replace(answer, written=WRITTEN[:1])) == (
        "It wrote 1 token, *be*, with a probability of 50%."
    )
    assert said_in_words(replace(answer, written=())) == NOTHING


def test_what_else_was_likely() -> None:
    answer = made_answer()
    assert word_in_words(answer, 0) == "*be* had a probability of 50%; also likely: “no” 25%."
    assert word_in_words(answer, 1) == (
        "*cause* had a probability of 25%; “ing” was likelier (75%), but was not drawn."
    )
    assert word_in_words(answer, 2) == "*sky* had a probability of 100%."


def test_what_was_read_by_span_and_by_word_beside_even_attention() -> None:
    told = read_in_words(made_answer(), [0], FIRST)
    assert told[0].startswith("To write *be*, head 0-0 read 75% from the user (")
    assert "25% from the template (" in told[0]
    assert "if attention were even" in told[0]
    assert told[1].startswith("Most of it: *why* 50% (")
    own = read_in_words(made_answer(), [2], FIRST, once_read=True)
    assert own[0].startswith("Through head 0-0, *sky* took 100% from the answer so far")
    several = read_in_words(made_answer(), [0, 1], None)
    assert several[0].startswith("To write 2 words, all heads, on average, read ")


def test_a_sink_and_what_is_passed_on_are_named() -> None:
    assert "25% went nowhere, to a learned sink" in read_in_words(made_answer(kept=0.75), [0], FIRST)[0]
    norms = replace(made_answer(), weighs=PASSED_ON)
    (sentence, most) = read_in_words(norms, [0], FIRST)
    assert sentence == "To write *be*, head 0-0 brought 75% from the user, 25% from the template."
    assert most == "Most of it: *why* 50%, *\\<s\\>* 25%, *blue* 25%."


def test_a_token_cannot_be_markup() -> None:
    words = ["<s>", "[a](http://b)", "![](x)", "<e>", "**be**", "cause", "sky"]
    written = (Written(4, 0.5, (("[a](http://b)", 0.3),)), *WRITTEN[1:])
    answer = replace(made_answer(words), written=written)
    told = " ".join([*read_in_words(answer, [0], FIRST), word_in_words(answer, 0), said_in_words(answer)])
    assert "](http" not in told
    assert "**be" not in told
