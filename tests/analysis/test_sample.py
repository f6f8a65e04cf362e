"""The built-in sample suits every bundled model, and longer texts are cut where sentences end."""

from __future__ import annotations

import pytest

from attnlit.analysis.sample import MOST_TEXTS, PAIRS, SAMPLE, SENTENCES, sentences, text_of_file
from attnlit.analysis.scores import FEWEST_TOKENS
from attnlit.attention.reading import read
from attnlit.errors import AttnlitError
from tests.bundled import bundled


def test_the_sample_has_sentences_and_pairs_and_none_twice() -> None:
    assert 40 <= len(SAMPLE) <= 60
    assert len(set(SAMPLE)) == len(SENTENCES) + len(PAIRS)


@pytest.mark.parametrize("name", ["mini-gpt2", "mini-bert"])
def test_every_text_is_long_enough_to_score(name: str) -> None:
    model = bundled(name)
    assert min(len(read(model, *text).source.tokens) for text in SAMPLE) >= FEWEST_TOKENS


def test_sentences_end_at_marks_and_at_line_breaks() -> None:
    long = "This sentence has more than sixty characters, so that it stands alone"
    text = f'{long}. {long}! "{long}?" {long}\n{long}'
    assert [each for each, _ in sentences(text)] == [
        f"{long}.", f"{long}!", f'"{long}?"', long, long,
    ]  # fmt: skip


def test_short_sentences_of_a_line_stay_together_and_nothing_is_lost() -> None:
    text = "Yes. No. Perhaps, but only if the weather on Saturday is better than it was. Good.\n\nOne more."
    found = [each for each, _ in sentences(text)]
    assert found == [
        "Yes. No. Perhaps, but only if the weather on Saturday is better than it was.",
        "Good.",
        "One more.",
    ]


def test_abbreviations_initials_and_numbers_end_no_sentence() -> None:
    one = "Mr. Dursby met Dr. Harlow at 3.15 p.m. near St. Mary's, about 2.5 miles from J. R. Finch."
    assert [each for each, _ in sentences(f"{one} {one}")] == [one, one]


def test_marks_of_other_scripts_end_sentences() -> None:
    one = "一" * 60
    assert [each for each, _ in sentences(f"{one}。{one}！{one}？")] == [f"{one}。", f"{one}！", f"{one}？"]


def test_nothing_of_a_long_line_is_lost() -> None:
    """A line without any break is cut into sentences a part at a time."""
    words = " ".join(f"word{place}" for place in range(4000))
    assert " ".join(each for each, _ in sentences(words)) == words
    solid = "一" * 10_000
    assert "".join(each for each, _ in sentences(solid)) == solid


def test_half_a_character_ends_nothing() -> None:
    assert sentences("The cat \ud800 sat on the mat.") == [("The cat ? sat on the mat.", None)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_of_text_is_read_as_it_was_written(encoding: str) -> None:
    text = "Die Straße, 你好.\n"
    assert text_of_file(text.encode(encoding), "a.txt") == text


@pytest.mark.parametrize("content", ["Straße".encode("latin-1"), b"\xff\xfea"])
def test_a_file_in_another_encoding_is_named(content: bytes) -> None:
    with pytest.raises(AttnlitError, match=r"“a\.txt” is not written in UTF-8"):
        text_of_file(content, "a.txt")


@pytest.mark.parametrize("text", ["", " \n\n ", "One.\n" * (MOST_TEXTS + 1)])
def test_too_little_and_too_much_are_answered_in_words(text: str) -> None:
    with pytest.raises(AttnlitError, match="sentence"):
        sentences(text)
