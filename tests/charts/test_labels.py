"""Labels of tokens: pieces of a word are marked, and columns are wide enough."""

from __future__ import annotations

from dataclasses import replace

import pytest

from attnlit.attention.together import take_together
from attnlit.charts.labels import column_width, font_size, labels, row_height
from tests.records import random_record, tokens


def pieces(texts: list[str], words: list[int | None], segments: list[int] | None = None) -> tuple:
    made = zip(tokens(texts), words, segments or [0] * len(texts), strict=True)
    return tuple(replace(token, word=word, segment=segment) for token, word, segment in made)


def test_what_goes_on_with_a_word_is_marked() -> None:
    assert labels(pieces(["a", "p", "izz", "a"], [0, 1, 1, 1])) == ["a", "p", "·izz", "·a"]


def test_equal_words_that_are_neighbours_are_two_words() -> None:
    assert labels(pieces(["no", "no"], [0, 1])) == ["no", "no"]
    assert labels(pieces(["no", "no"], [0, 0], [0, 1])) == ["no", "no"]  # the first word of each text
    assert labels(pieces(["[CLS]", "[SEP]"], [None, None])) == ["[CLS]", "[SEP]"]


def test_pieces_that_a_filter_has_parted_are_not_joined() -> None:
    first, _, third = pieces(["p", "izz", "a"], [0, 0, 0])
    assert labels([first, third]) == ["p", "a"]


def test_pieces_beside_tokens_that_are_taken_together_keep_their_mark() -> None:
    made = pieces(["a", "p", "izz", "a", "b"], [0, 1, 1, 1, 2])
    record = replace(random_record(queries=5, keys=5), queries=made, keys=made)
    for taken, expected in (
        ([0, 1], ["a p", "·izz", "·a", "b"]),  # the rest of the word comes behind them
        ([3, 4], ["a", "p", "·izz", "·a b"]),  # they begin inside a word
        ([1, 4], ["a", "p … b", "·izz", "·a"]),
        ([2, 4], ["a", "p", "·izz … b", "·a"]),
        ([0, 3], ["a … a", "p", "·izz", "b"]),
    ):
        one = take_together(record, taken)
        assert labels(one.queries) == expected
        assert labels(one.keys) == expected


@pytest.mark.parametrize("rows", [1, 24, 25, 40, 72, 160, 161, 512])
def test_rows_hold_their_letters(rows: int) -> None:
    assert font_size(row_height(rows)) < row_height(rows)
    assert row_height(rows) >= row_height(rows + 1)


def test_columns_are_as_wide_as_their_longest_token_but_not_wider_than_a_column_may_be() -> None:
    assert column_width(["a"], 14) == 72
    assert column_width(["a" * 12], 14) > 12 * 14 * 0.5
    assert column_width(["a" * 100], 14) == 144
    assert column_width([], 14) == 72
