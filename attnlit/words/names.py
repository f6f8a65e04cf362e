"""How tokens are called in sentences (Markdown)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from attnlit.wording import escaped, ordinal

if TYPE_CHECKING:
    from attnlit.attention.record import Token


def token_name(tokens: Sequence[Token], place: int) -> str:
    """A token in Markdown italics; one whose text occurs several times with its number: the 2nd *the*."""
    text = tokens[place].text
    same = [other for other, token in enumerate(tokens) if token.text == text]
    name = f"*{escaped(text)}*"
    return name if len(same) == 1 else f"the {ordinal(same.index(place) + 1)} {name}"
