"""Words of a text, as people count them."""

from __future__ import annotations

import pytest

from attnlit.attention.spelling import words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("It didn't end.", ["It", "didn't", "end", "."]),
        ("你好 world", ["你", "好", "world"]),
        ("a 🙂🙂 b", ["a", "🙂", "🙂", "b"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("3,5 km/h", ["3", ",", "5", "km", "/", "h"]),
    ],
)
def test_words_of_a_text(text: str, words: list[str]) -> None:
    assert words_of(text) == words
