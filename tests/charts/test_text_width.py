"""How wide a text is, before a browser measures it."""

from __future__ import annotations

import pytest

from attnlit.charts.text_width import text_width


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [("i", "m"), ("cat", "cats"), ("a", "漢"), ("i", "ш"), ("漢", "漢字"), ("e", "🙂")],
)
def test_wider_letters_and_longer_texts_need_more_room(narrow: str, wide: str) -> None:
    assert 0 < text_width(narrow, 15) < text_width(wide, 15)


def test_it_grows_with_the_font_and_marks_stand_on_their_letters() -> None:
    assert text_width("word", 30) == pytest.approx(2 * text_width("word", 15))
    assert text_width("e\u0301", 15) == text_width("e", 15)
    assert text_width("", 15) == 0
