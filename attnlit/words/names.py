"""How words and tokens are called in sentences (Markdown)."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

from attnlit.attention.together import GAP
from attnlit.wording import escaped, ordinal

if TYPE_CHECKING:
    from attnlit.attention.record import Attention, Token

WORTH_NAMING = 0.05  # of a token's attention, or of what is brought to it: from here on a second one is named
_ISOLATED, _END = "\u2068", "\u2069"  # what stands between them has a direction of its own


def told_apart(text: str) -> str:
    """A word; what has no letter, such as a comma or a number, in quotation marks.

    Bare it would read as a part of the sentence, or of the list.
    """
    return text if any(map(str.isalpha, text)) else f"“{text}”"


def word_name(text: str, mark: str = "*") -> str:
    """The same in Markdown italics, or in bold with `mark`."""
    return apart(f"{mark}{escaped(told_apart(text))}{mark}")


def apart(name: str) -> str:
    """A name that runs from right to left, so that numbers behind it stay behind it."""
    leftwards = any(unicodedata.bidirectional(each) in ("R", "AL") for each in name)
    return f"{_ISOLATED}{name}{_END}" if leftwards else name


def is_itself(attention: Attention, query: int, key: int) -> bool:
    """Whether a key is the token that looks, or the same tokens taken together.

    Of those that do not stand side by side the one that looks has the position of the last, and the one that
    is looked at that of the first.
    """
    if attention.kind == "cross":
        return False
    looks, seen = attention.queries[query], attention.keys[key]
    together = GAP in looks.text and (looks.text, looks.raw) == (seen.text, seen.raw)
    return together or looks.position == seen.position


def seen_name(attention: Attention, query: int, key: int) -> str:
    """A key as the token that looks would call it: “itself”, or its name."""
    return "itself" if is_itself(attention, query, key) else token_name(attention.keys, key)


def token_name(tokens: Sequence[Token], place: int) -> str:
    """A token in Markdown italics; one whose text occurs several times with its number: the 2nd *the*."""
    text = tokens[place].text
    same = [other for other, token in enumerate(tokens) if token.text == text]
    name = word_name(text)
    return name if len(same) == 1 else f"the {ordinal(same.index(place) + 1)} {name}"
