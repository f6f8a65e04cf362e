"""Whole words from pieces: sums over keys, means over queries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from attnlit.attention import attend
from attnlit.attention.filters import hide_special
from attnlit.attention.words import merge_words
from attnlit.errors import AttnlitError
from attnlit.models.model import Model
from tests.bundled import bundled
from tests.tolerances import ROUNDING

pytestmark = pytest.mark.numeric

GetModel = Callable[[str], Model]
TEXT = "Unbelievable violinists' hats, 🙂!"
WORDS = ["Unbelievable", "violinists", "'", "hats", ",", "🙂", "!"]


@pytest.mark.parametrize("architecture", ["bert", "gpt2", "t5"])
def test_pieces_become_the_words_of_the_text(architecture: str, tiny_model: GetModel) -> None:
    pieces = attend(tiny_model(architecture), TEXT)
    words = merge_words(hide_special(pieces))
    assert [text for text in words.query_tokens if text not in ("␣", "[UNK]")] == WORDS
    assert words.query_tokens == words.key_tokens
    assert len(words.queries) < len(pieces.queries)
    assert pieces.whole
    assert not words.whole


@pytest.mark.parametrize("architecture", ["bert", "gpt2", "t5"])
def test_sums_over_keys_and_means_over_queries(architecture: str, tiny_model: GetModel) -> None:
    pieces = attend(tiny_model(architecture), TEXT)
    words = merge_words(pieces)
    np.testing.assert_allclose(words.weights.sum(axis=-1), 1, atol=ROUNDING)
    groups = [
        [index for index, token in enumerate(pieces.queries) if token.word == 0 and token.segment == 0],
        [index for index, token in enumerate(pieces.queries) if token.word == 1 and token.segment == 0],
    ]
    assert all(len(group) > 1 for group in groups)
    rows = [words.query_tokens.index(word) for word in WORDS[:2]]
    for row, queries in zip(rows, groups, strict=True):
        for column, keys in zip(rows, groups, strict=True):
            block = pieces.weights[:, :, queries][:, :, :, keys]
            expected = block.sum(axis=-1).mean(axis=-1)
            np.testing.assert_allclose(words.weights[:, :, row, column], expected, atol=ROUNDING)


def test_special_tokens_stay(tiny_model: GetModel) -> None:
    words = merge_words(attend(tiny_model("bert"), TEXT, "The dog."))
    assert words.query_tokens[0] == "[CLS]"
    assert words.query_tokens[-5:] == ["[SEP]", "The", "dog", ".", "[SEP]"]
    assert words.segments[-4:] == [1, 1, 1, None]


def test_words_of_the_target_are_the_targets(tiny_model: GetModel) -> None:
    words = merge_words(attend(tiny_model("t5"), TEXT, "Der Hund schlief.", kind="cross"))
    assert [text for text in words.query_tokens[1:] if text != "␣"] == ["Der", "Hund", "schlief", "."]
    assert "Unbelievable" in words.key_tokens


def test_a_word_has_no_query_of_its_own(tiny_model: GetModel) -> None:
    with pytest.raises(AttnlitError, match="put together from pieces"):
        merge_words(attend(tiny_model("bert"), TEXT)).vectors(0, 0)


@pytest.mark.parametrize("control", ["\x00", "\x01", "\x1b", "\ufffe", "\u202e"])
@pytest.mark.parametrize("architecture", ["bert", "gpt2", pytest.param("t5", marks=pytest.mark.whole)])
def test_a_merged_word_is_as_printable_as_its_pieces(
    architecture: str, control: str, tiny_model: GetModel
) -> None:
    words = merge_words(attend(tiny_model(architecture), f"unbelievable{control} x{control}{control}y cat"))
    for token in (*words.queries, *words.keys):
        assert control not in token.text + token.raw
    if architecture != "bert":  # which drops some of them from the text
        assert any(f"U+{ord(control):04X}" in token.text for token in words.queries)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("mini-bert", "The unbelievable [MASK] sat.", "[CLS] The unbelievable [MASK] sat . [SEP]"),
        ("mini-bert", "Unbelievably ☃ so [SEP]", "[CLS] Unbelievably ☃ so [SEP] [SEP]"),
        ("mini-gpt2", "Unbelievable... See (twice).", "<|endoftext|> Unbelievable ... See ( twice )."),
        ("mini-gpt2", '"Stop!" <|endoftext|> I\'ll', '<|endoftext|> " Stop !" ␣ <|endoftext|> I\'ll'),
    ],
)
def test_a_word_shows_all_its_pieces(name: str, text: str, words: str) -> None:
    """A token may cover more than one word: a mask, three full stops, a bracket with its full stop."""
    merged = merge_words(attend(bundled(name), text))
    assert merged.query_tokens == words.split(" ")
    assert merged.key_tokens == merged.query_tokens
    np.testing.assert_allclose(merged.weights.sum(axis=-1), 1, atol=ROUNDING)


def test_a_piece_with_nothing_left_does_not_count_in_its_words_average(tiny_model: GetModel) -> None:
    pieces = attend(tiny_model("gpt2"), TEXT)
    first, *others = [index for index, token in enumerate(pieces.queries) if token.word == 0]
    second = [index for index, token in enumerate(pieces.queries) if token.word == 1]
    weights = pieces.weights.copy()
    weights[:, :, [first, *second]] = np.nan
    words = merge_words(replace(pieces, weights=weights))
    places = [words.query_tokens.index(word) for word in WORDS[:2]]
    of_first = pieces.weights[:, :, others][..., [first, *others]].sum(-1).mean(-1)
    np.testing.assert_allclose(words.weights[:, :, places[0], places[0]], of_first, atol=ROUNDING)
    assert np.isnan(words.weights[:, :, places[1]]).all()
