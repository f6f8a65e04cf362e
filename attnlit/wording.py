"""Text and numbers as people read them: cleaned where they are made, escaped where they are shown.

What visitors, links and hubs send is hostile. `printable` makes a text harmless to look at; it runs where a
token or a message is made. `escaped` makes it harmless to Markdown; it runs at every sink.
"""

from __future__ import annotations

import html
import re
import sys
import unicodedata
from collections.abc import Iterable
from math import isfinite
from typing import Any

_JOINERS = "\u200c\u200d"  # invisible, but emoji and letters are made of several with them
# England's flag and its like: a black flag, a region spelled in invisible letters, and an invisible end.
_FLAG = "\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,8}\U000e007f"
_FLAG_OR_CHARACTER = re.compile(f"{_FLAG}|.", re.DOTALL)
# Controls, directions, private characters, halves of one, line and paragraph breaks.
_SPELLED_OUT = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
_LOOKS_EMPTY = "\u115f\u1160\u2800\u3164\uffa0"  # letters and signs that draw nothing
_DRAWS_NOTHING = re.compile(f"[{_LOOKS_EMPTY}]")
_LINE_BREAKS = re.compile("[\n\r\v\f\x85\u2028\u2029]+")
_MOST_QUOTED = 80  # characters
# Markdown as the page shows it makes links of bare addresses and arrows of “->” whether escaped or not. An
# invisible character in between, which joins words without a break, keeps them as they are.
_JOINER = "\u2060"
_TURNED_INTO_SOMETHING = re.compile(
    r"(?<=:)(?=//)|(?<=www)(?=\.)|(?=@)|(?<=[-<>=~])(?=[-<>=~])", re.IGNORECASE
)


def printable(text: str) -> str:
    """The text with every character spelled out (“U+202E”) that is invisible, or could harm what draws it.

    Some of them turn the writing direction of a picture, some end the process that renders it. What holds the
    parts of an emoji or of a word together stays, and so do characters that are newer than this Python's
    tables: they are letters and emoji, not controls.
    """
    if text.isprintable() and not _DRAWS_NOTHING.search(text):
        return text
    joins = bool(text.strip(_JOINERS))  # a joiner alone joins nothing
    return "".join(_spelled_out(part, joins) for part in _FLAG_OR_CHARACTER.findall(text))


def visible(text: str) -> str:
    """What to draw for a token: `printable`, with blanks as ␣, tabs as ⇥ and line breaks as ↵.

    A mark without its letter, such as an accent, gets a ring to sit on: it would sit on its neighbour.
    """
    if text.isascii() and text.isprintable() and text.strip():
        return text
    if all(unicodedata.category(each) == "Zs" for each in text):
        return "␣"
    if not text.strip(" \n\r\t"):
        return "↵" if _LINE_BREAKS.search(text) else "⇥"
    text = _LINE_BREAKS.sub("↵", text.replace("\t", "⇥"))
    return ("◌" if unicodedata.category(text[0]).startswith("M") else "") + printable(text)


def _spelled_out(part: str, joins: bool) -> str:
    if len(part) > 1 or (joins and part in _JOINERS) or not _is_unsafe(part):
        return part
    return f"U+{ord(part):04X}"


def _is_unsafe(character: str) -> bool:
    if " " <= character <= "~":
        return False
    category = unicodedata.category(character)
    return (
        category in _SPELLED_OUT
        or category == "Zs"
        or character in _LOOKS_EMPTY
        or is_noncharacter(character)
    )


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


def number_text(value: float, form: str = "+.2f") -> str:
    """A number for people, in a Python format: +1.23, −0.40; “–” where there is no number (NaN, infinite).

    What rounds to zero has no sign: it is neither more nor less.
    """
    written = format(value, form).replace("-", "−") if isfinite(value) else "–"
    return written if any(map(written.__contains__, "123456789–")) else written.lstrip("+−")


def percent(share: float) -> str:
    """A share for people: 62%, 3.4%, 0.2%."""
    return f"{share:.0%}" if share >= 0.0995 else f"{share:.1%}"


def percent_or_less(share: float) -> str:
    """The same of a share that may be next to nothing: 62%, 0.2%, “less than 0.1%”."""
    return percent(share) if share >= 0.001 else "less than 0.1%"


def megabytes(size: int) -> str:
    """A size in bytes as people say it: "548 MB", "1.2 GB", "0.4 MB"."""
    if size >= 1e9:
        return f"{size / 1e9:.1f} GB"
    return f"{size / 1e6:,.0f} MB" if size >= 1e6 else f"{size / 1e6:.1f} MB"


def with_article(name: str) -> str:
    """“a broad head”, “an induction head”."""
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def a_kind(thing: object) -> str:
    """What somebody handed in, by its type: “a list”, “an int”, “None”."""
    if thing is None:
        return "None"
    kind = type(thing)
    said = with_article(kind.__name__)
    # In a notebook a package may be imported anew, and what it made before is then of no type that it knows.
    now = getattr(sys.modules.get(kind.__module__), kind.__name__, kind)
    ours = kind.__module__.partition(".")[0] == __name__.partition(".")[0]
    return f"{said} from before attnlit was imported anew" if ours and now is not kind else said


def counted(number: int, what: str) -> str:
    """So many of something: “1 token”, “3 tokens”."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 11th."""
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def capitalised(sentence: str) -> str:
    """The sentence with a capital, unless it begins with markup, such as a token, which stays as it is."""
    return sentence[:1].upper() + sentence[1:]


def times(ratio: float) -> str:
    """A ratio for people: ×12, ×1.9, ×0.24; nothing where there is no ratio (NaN)."""
    if ratio != ratio:
        return ""
    if ratio < 0.01:
        return "×0" if ratio < 0.001 else "×0.00" + f"{ratio:.3f}"[-1]
    return f"×{ratio:.0f}" if ratio >= 9.95 else f"×{ratio:.1f}" if ratio >= 0.995 else f"×{ratio:.2f}"


def either(choices: Iterable[object]) -> str:
    """What there is to choose from, at least one: "3", "3 or 7", "3, 7 or 11"."""
    *most, last = map(str, choices)
    return f"{', '.join(most)} or {last}" if most else last


def listed(things: Iterable[object]) -> str:
    """Things that are all meant, at least one: "3", "3 and 7", "3, 7 and 11"."""
    *most, last = map(str, things)
    return f"{', '.join(most)} and {last}" if most else last


class InOneLine:
    """What a prompt and a notebook show of something with arrays or a model inside: one line about it.

    A dataclass of this kind has `repr=False`, or it would write its own, with every number.
    """

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self._said()}>"

    def _repr_html_(self) -> str:
        line = f"<p><b>{type(self).__name__}</b>: {html.escape(self._said())}</p>"
        table = self._shown_table()
        return line if table is None else line + table.to_html(max_rows=20, index=False, border=0)

    def _said(self) -> str:
        """What it is, in a few words and numbers."""
        raise NotImplementedError

    def _shown_table(self) -> Any:
        """The table of pandas that a notebook shows below that line; None for none."""
        return None
