"""How words and tokens are called in sentences (Markdown)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from attnlit.wording import escaped, ordinal

if TYPE_CHECKING:
    from attnlit.attention.record import Token


def told_apart(text: str) -> str:
    """A word; what has no letter, such as a comma or a number, in quotation marks.

    Bare it would read as a part of the sentence, or of the list.
    """
    return text if any(map(str.isalpha, text)) else f"“{text}”"


def word_name(text: str, mark: str = "*") -> str:
    """The same in Markdown italics, or in bold with `mark`."""
    return f"{mark}{escaped(told_apart(text))}{mark}"


def token_name(tokens: Sequence[Token], place: int) -> str:
    """A token in Markdown italics; one whose text occurs several times with its number: the 2nd *the*."""
    text = tokens[place].text
    same = [other for other, token in enumerate(tokens) if token.text == text]
    name = word_name(text)
    return name if len(same) == 1 else f"the {ordinal(same.index(place) + 1)} {name}"
