"""What is said of a token under the pointer is what its weights are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from attnlit.attention.record import PASSED_ON
from attnlit.charts.said import said_of_keys, said_of_queries
from tests.records import record

WEIGHTS = np.array([[1.0, 0, 0], [0.004, 0.996, 0], [0.7, 0.1, 0.2]])
WORDS = ["the", "cat", "the"]
SEEN = record(WEIGHTS[None, None], WORDS, causal=True)


def test_a_query_gives_most_to_a_token_that_is_told_from_its_like() -> None:
    assert said_of_queries(SEEN, WEIGHTS) == [
        "The 1st “the” gives 100% to itself",
        "“cat” gives 100% to itself",
        "The 2nd “the” gives 70% to the 1st “the”",
    ]


def test_a_key_gets_most_from_a_query() -> None:
    assert said_of_keys(SEEN, WEIGHTS) == [
        "The 1st “the” gets most, 100%, from the 1st “the”",
        "“cat” gets most, 100%, from “cat”",
        "The 2nd “the” gets most, 20%, from the 2nd “the”",
    ]


def test_of_several_heads_it_is_the_mean_and_says_so() -> None:
    assert said_of_queries(SEEN, WEIGHTS, heads=3)[1] == "On average “cat” gives 100% to itself"


def test_an_empty_row_gets_nothing_and_another_text_has_no_itself() -> None:
    crossing = record(np.zeros((1, 1, 2, 2)), ["a", "b"], ["x", "y"], kind="cross")
    assert said_of_queries(crossing, np.array([[0.0, 0], [1, 0]])) == [
        "“a” gives nothing to the tokens shown here",
        "“b” gives 100% to “x”",
    ]
    assert said_of_keys(crossing, np.array([[0.0, 0], [1, 0]]))[1] == (
        "“y” gets nothing from the tokens shown here"
    )


def test_of_what_is_passed_on_shares_are_of_what_is_brought() -> None:
    brought = replace(SEEN, weighs=PASSED_ON)
    assert said_of_queries(brought, 10 * WEIGHTS)[2] == (
        "70% of what is brought to the 2nd “the” comes from the 1st “the”"
    )
    assert said_of_keys(brought, 10 * WEIGHTS)[2] == (
        "100% of what is brought from the 2nd “the” goes to the 2nd “the”"
    )
