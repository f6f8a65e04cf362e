"""A record's tokens can be drawn, whatever they are made of."""

from __future__ import annotations

from dataclasses import replace

import pytest

from attnlit.attention import Token
from attnlit.attention.parts import MOST_DRAWN

HOSTILE = [
    "a\x00b",
    "\x01",
    "\x1b[2J",
    "\u202eabc",
    "\ufffe",
    "\ud800",
    "\u2028",
    "\n\t",
    "x" * 100_000,
    "\u200d",
]


def token(text: str, raw: str = "") -> Token:
    return Token(id=0, text=text, raw=raw, special=False, segment=0, position=0)


@pytest.mark.parametrize("text", HOSTILE)
def test_there_is_no_way_to_make_a_token_that_harms_what_draws_it(text: str) -> None:
    plain = token("cat")
    for made in (
        token(text, text),
        replace(plain, text=text, raw=text),
        replace(token(text, text), segment=1),
    ):
        for drawn in (made.text, made.raw):
            assert not any(each in drawn for each in "\x00\x01\x1b\u202e\ufffe\ud800\u2028\n\t")
            assert len(drawn) <= MOST_DRAWN
        assert made.text


def test_what_is_harmless_stays() -> None:
    for text in ("cat", "🙂 1/4", "New York", "👩\u200d🚀", "می\u200cخواهم", "x" * MOST_DRAWN, "\u0e01"):
        assert token(text, text).text == token(text, text).raw == text


def test_a_token_stays_as_it_is_however_often_it_is_replaced() -> None:
    for text in HOSTILE:
        once = token(text, text)
        assert replace(once, position=5) == replace(replace(once), position=5)
        assert replace(once).text == once.text
