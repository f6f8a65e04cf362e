"""What is said of a sum, of one head's share beside what is lost without it, and of the lens."""

from __future__ import annotations

import pandas as pd
import pytest

from attnlit.analysis.writing import WordSum, guess, writes
from attnlit.attention import attend
from attnlit.wording import number_text
from attnlit.words.writing import (
    guess_in_words,
    head_in_words,
    lens_in_words,
    pieces_in_words,
    sum_in_words,
    words_in_words,
)
from tests.bundled import bundled

TEXT = "The cat sat on the"


@pytest.fixture(scope="module")
def found() -> WordSum:
    return writes(bundled("mini-gpt2"), TEXT)


def test_pieces_and_bytes_are_explained_where_they_stand() -> None:
    def said(*tokens: str) -> str:
        return pieces_in_words(pd.DataFrame({"token": tokens}))

    assert said("cat", "…", "byte", "bytes") == ""
    assert said("cat", "…ing") == "“…” marks a piece that continues a word."
    assert "in pieces, as bytes" in said("byte C3")
    assert "in pieces, as bytes" in said("bytes E2 80")


def test_the_sum_is_told_whole(found: WordSum) -> None:
    first, *rest = sum_in_words(found)
    table = found.table.set_index("kind")["logit"]
    assert f"The logit of **{found.word}** is {found.total:.2f}" in first
    assert f"heads write {number_text(table['head'].sum())}" in first
    assert f"MLPs {number_text(table['MLP'].sum())}" in first
    assert f"{number_text(table['every word alike'])} is what every word gets" in first
    best = found.heads.nlargest(1, "logit").iloc[0]
    assert any(f"**{best['layer']}-{best['head']}** ({number_text(best['logit'])})" in each for each in rest)


def test_of_two_words_the_difference_is_told() -> None:
    split = writes(bundled("mini-gpt2"), TEXT, "mat", "floor")
    above = "above" if split.total > 0 else "below"
    assert f"is {abs(split.total):.2f} {above} that of **floor**" in sum_in_words(split)[0]
    assert "every word" not in sum_in_words(split)[0]


def test_where_the_guess_stands() -> None:
    for name, start in (("mini-gpt2", "After"), ("mini-bert", "In place of")):
        model = bundled(name)
        asked = guess(model, "The cat sat on the mat", position=2)
        said = guess_in_words(asked, model.name, attend(model, "The cat sat on the mat").queries, 2)
        assert said.startswith(f"{start} *cat*, {name.replace('-', chr(92) + '-')}'s best guess is **")


@pytest.mark.parametrize(
    ("written", "lost", "words"),
    [
        (1.0, 1.05, "about what it wrote"),
        (1.0, 0.3, "**repair** part of it"),
        (1.0, 2.0, "more than it wrote"),
        (1.0, -0.4, "the other way round"),
        (0.01, -0.02, "next to nothing"),
        (-1.0, -0.3, "rises by **0.30**: less than it wrote"),
    ],
)
def test_direct_beside_total(written: float, lost: float, words: str) -> None:
    said = head_in_words("5-1", written, lost, "mat")
    assert words in said
    assert f"writes **{number_text(written)}**" in said


def test_where_nothing_is_written_directly_the_loss_is_told() -> None:
    assert (
        head_in_words("5-1", None, -0.3, "mat") == "Without head 5-1 the logit of **mat** rises by **0.30**."
    )
    assert "not known" in head_in_words("5-1", None, None, "mat")


def test_words_that_are_raised_and_lowered_come_with_the_strongest_first() -> None:
    table = pd.DataFrame({"token": ["a", "b", "c", "*d"], "logit": [2.0, 1.0, -1.0, -3.0]})
    assert words_in_words(table) == (
        "**Raises** *a* (+2.00), *b* (+1.00). **Lowers** *\\*d* (−3.00), *c* (−1.00)."
    )


def test_bytes_among_them_are_counted_and_not_named() -> None:
    tokens = ["byte F1", "a", "bytes E2 80", "b", "c", "byte C3", "d"]
    table = pd.DataFrame({"token": tokens, "logit": [7.0, 6.0, 5.0, 4.0, 3.0, -1.0, -2.0]})
    assert words_in_words(table, 2) == (
        "**Raises** *a* (+6.00), *b* (+4.00) and 2 pieces of rare signs. "
        "**Lowers** *d* (−2.00) and 1 piece of rare signs."
    )


@pytest.mark.parametrize(
    ("tokens", "said"),
    [
        (["a", "b", "c"], "**c** is its guess only after the last layer."),
        (["a", "c", "c"], "**c** is its guess from layer 0 on."),
        (["c", "c", "c"], "**c** is its guess from the embeddings on."),
    ],
)
def test_from_where_on_the_guess_stands(tokens: list[str], said: str) -> None:
    assert lens_in_words(pd.DataFrame({"layer": [-1, 0, 1], "rank": 1, "token": tokens})) == said
