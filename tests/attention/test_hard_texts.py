"""Texts of kinds that have gone wrong in tools like this: every character is shown, once, in its place."""

from __future__ import annotations

import pytest

from attnlit.attention import Attention, attend
from attnlit.attention.words import merge_words
from attnlit.wording import visible
from tests.bundled import bundled

TEXTS = {
    "lower case of another length": "İyi İSTANBUL ıSPARTA",
    "letters with their accents apart": "cafe\u0301 nai\u0308ve A\u030a",
    "signs that normalising takes apart": "oﬃce ﬁﬂ ½ № ™",
    "marks glued to words": "don't... (U.S.A.), e.g.: well--no!",
    "all sorts of blanks": "a\tb\nc\u00a0d\u3000e",
    "a script that nobody was taught": "привет мир ёж",
    "words without blanks": "猫犬 xyz猫犬w 日本語",
    "signs made of several": "👩‍🚒🏳️‍🌈🇩🇪 🙂🙂",
    "writing from the right": "שלום مرحبا cat",
    "letters newer or rarer than most tables": "𝔘𝔫𝔦 𞤀𞤣 🫩",
}


@pytest.fixture(scope="module", params=["mini-bert", pytest.param("mini-gpt2", marks=pytest.mark.whole)])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def spans(record: Attention) -> list[tuple[int, int]]:
    return [token.span for token in record.queries if token.span is not None and not token.special]


@pytest.mark.parametrize("kind", TEXTS)
def test_every_character_is_shown_once_and_in_its_place(kind: str, name: str) -> None:
    text = TEXTS[kind]
    record = attend(bundled(name), text)
    for found in (record, merge_words(record)):
        places = spans(found)
        assert places == sorted(places)
        shown = [place for start, end in dict.fromkeys(places) for place in range(start, end)]
        assert len(shown) == len(set(shown)), "no character by two tokens, but by the pieces of it"
        missing = {text[place] for place in set(range(len(text))) - set(shown)}
        assert not {each for each in missing if visible(each) not in ("␣", "⇥", "↵")} - set("\u200d\ufe0f")
        assert all(token.text == visible(token.text) for token in found.queries)


@pytest.mark.parametrize("kind", TEXTS)
def test_a_whole_word_shows_all_of_its_pieces(kind: str, name: str) -> None:
    record = attend(bundled(name), TEXTS[kind])
    words = [token for token in merge_words(record).queries if not token.special]
    assert "".join(word.source for word in words if word.span).replace(" ", "") == "".join(
        TEXTS[kind][start:end] for start, end in dict.fromkeys(word.span for word in words if word.span)
    ).replace(" ", "")
