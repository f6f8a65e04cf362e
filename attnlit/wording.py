"""Text and numbers as people read them: cleaned where they are made, escaped where they are shown.

What visitors, links and hubs send is hostile. `printable` makes a text harmless to look at; it runs where a
token or a message is made. `escaped` makes it harmless to Markdown; it runs at every sink.
"""

from __future__ import annotations

import re
import unicodedata

_HOLDS_TOGETHER = "\u200c\u200d"  # joiners: invisible, but emoji and letters are made of several with them
_SPELLED_OUT = frozenset(
    {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
)  # controls, directions, private, halves, breaks
_MOST_QUOTED = 80  # characters
# Markdown as the page shows it makes links of bare addresses and arrows of “->” whether escaped or not. An
# invisible character in between, which joins words without a break, keeps them as they are.
_JOINER = "\u2060"
_TURNED_INTO_SOMETHING = re.compile(
    r"(?<=:)(?=//)|(?<=www)(?=\.)|(?=@)|(?<=[-<>=~])(?=[-<>=~])", re.IGNORECASE
)


def printable(text: str) -> str:
    """The text with every character spelled out (“U+202E”) that is invisible, or could harm what draws it.

    Some of them turn the writing direction of a picture, some end the process that renders it. Characters
    newer than this Python's tables stay: they are letters and emoji, not controls.
    """
    return "".join(
        f"U+{ord(each):04X}" if _is_unsafe(each) and not (each in _HOLDS_TOGETHER and len(text) > 1) else each
        for each in text
    )


def _is_unsafe(character: str) -> bool:
    if " " <= character <= "~":
        return False
    category = unicodedata.category(character)
    return category in _SPELLED_OUT or category == "Zs" or is_noncharacter(character)


def is_noncharacter(character: str) -> bool:
    """Whether Unicode will never assign this code point: U+FDD0 to U+FDEF, and the last two of each plane."""
    code = ord(character)
    return 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE


def one_line(text: str, most: int | None = None) -> str:
    """A text for a message: on one line, printable, and with an end where it is longer than `most`."""
    line = printable(" ".join(text.split()))
    return line if most is None or len(line) <= most else line[: most - 1] + "…"


def quoted(text: str) -> str:
    """What somebody typed, in quotation marks, as a part of a sentence: on one line and not too long."""
    return f"“{one_line(text, _MOST_QUOTED)}”"


def escaped(text: str) -> str:
    """Text that Markdown shows as it is, on one line: a backslash before every punctuation mark, no links."""
    unlinked = _TURNED_INTO_SOMETHING.sub(_JOINER, one_line(text) or "␣")
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", unlinked)


def percent(share: float) -> str:
    """A share for people: 62%, 3.4%, 0.2%."""
    return f"{share:.0%}" if share >= 0.0995 else f"{share:.1%}"


def with_article(name: str) -> str:
    """“a broad head”, “an induction head”."""
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 11th."""
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def capitalised(sentence: str) -> str:
    """The sentence with a capital, unless it begins with markup, such as a token, which stays as it is."""
    return sentence[:1].upper() + sentence[1:]
