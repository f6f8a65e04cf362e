"""Sentences with a pair of tokens marked: true to the text, harmless, and not too long."""

from __future__ import annotations

from dataclasses import replace
from math import log, nan

from attnlit.analysis.survey import Example
from attnlit.words.examples import example_in_words, marked

EXAMPLE = Example(
    text="The cat saw the cat.", pair=None, number=3, query=4, key=1,
    query_place=(0, 16, 19), key_place=(0, 4, 7), value=0.62, surprise=log(12),
)  # fmt: skip


def test_the_two_tokens_are_marked_where_they_stand() -> None:
    assert marked(EXAMPLE) == r"The :orange-background[*cat*] saw the :blue-background[**cat**]\."
    assert example_in_words(EXAMPLE) == "“cat” looks at “cat”: 62%; at that distance it usually gives 5.2%"


def test_a_pair_follows_its_text() -> None:
    two = replace(EXAMPLE, pair="A cat slept.", query_place=(1, 2, 5))
    assert (
        marked(two) == r"The :orange-background[*cat*] saw the cat\. \/ A :blue-background[**cat**] slept\."
    )


def test_what_stands_in_a_text_is_no_markup() -> None:
    text = "A **b** [c](http://d) $e$ f"
    said = marked(replace(EXAMPLE, text=text, query_place=(0, 26, 27), key_place=(0, 0, 1)))
    assert r"\*\*b\*\*" in said
    assert "](" not in said.replace("\\", "#")
    assert "http://" not in said


def test_a_long_text_is_cut_around_the_two() -> None:
    long = "x " * 500
    text = f"{long}cat {long}dog {long}"
    query, key = text.index("dog"), text.index("cat")
    said = marked(replace(EXAMPLE, text=text, query_place=(0, query, query + 3), key_place=(0, key, key + 3)))
    assert len(said) < 450
    assert said.count("…") == 3
    assert said.index("cat") < said.index("dog")


def test_a_cut_text_begins_and_ends_with_whole_words() -> None:
    text = "unbelievable " * 20 + "cat " + "unbelievable " * 20 + "dog " + "unbelievable " * 20
    query, key = text.index("dog"), text.index("cat")
    said = marked(replace(EXAMPLE, text=text, query_place=(0, query, query + 3), key_place=(0, key, key + 3)))
    pieces = said.replace("…", " ").split()
    assert {each for each in pieces if "background" not in each} == {"unbelievable"}
    no_blanks = marked(replace(EXAMPLE, text="漢" * 300, query_place=(0, 150, 151), key_place=None))
    assert 100 < no_blanks.count("漢") < 200


def test_tokens_that_stand_nowhere_in_the_text_are_not_marked() -> None:
    assert "background" not in marked(replace(EXAMPLE, query_place=None, key_place=None))
    same = replace(EXAMPLE, query_place=(0, 4, 7))  # two pieces of one character
    assert marked(same).count("background") == 1


def test_what_is_next_to_nothing_and_lengths_are_said_otherwise() -> None:
    assert example_in_words(replace(EXAMPLE, surprise=12.0)).endswith("usually gives less than 0.1%")
    assert example_in_words(replace(EXAMPLE, surprise=nan, value=3.14159)).endswith("length 3.14")


def test_a_token_that_stands_nowhere_in_the_text_has_no_words() -> None:
    assert EXAMPLE.words == ("cat", "cat")
    assert replace(EXAMPLE, key_place=None).words == ("cat", "")
    assert example_in_words(replace(EXAMPLE, key_place=None)).startswith("“cat” looks at a token: ")
