"""A text that excites a head, as a sentence in which the two tokens are marked."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

from attnlit.wording import escaped, percent, percent_or_less, quoted

if TYPE_CHECKING:
    from attnlit.analysis.survey.lists import Example, Examples, ListName

# Titles of the lists, and what each holds.
LIST_TITLES: dict[ListName, str] = {
    "surprise": "Most surprising",
    "written": "Writes most",
    "sample": "Any texts",
}
_ABOUT: dict[ListName, str] = {
    "surprise": (
        "One look from each text, ranked by surprise: how many times what this head usually gives at that "
        "distance. Looks at the first token, at special tokens and at the token itself do not count; each "
        "pair of words is shown once."
    ),
    "written": (
        "Ranked by the length of the vector that the head brings from one token to the other; each pair of "
        "words is shown once."
    ),
    "sample": (
        "Drawn at random, whatever the head does in them: this is how it behaves in an ordinary text."
    ),
}
_QUERY, _KEY = ":blue-background[**{}**]", ":orange-background[*{}*]"
_BETWEEN = " / "  # a text and its pair
_AROUND = 90  # characters that are shown before, between and after the two tokens


def list_in_words(examples: Examples, which: ListName, layer: int, head: int) -> str:
    """What a list holds, and how often the head looks clearly at anything at all."""
    share = percent(float(examples.clear[examples.row(layer), head]))
    return (
        f"{_ABOUT[which]} In {share} of {examples.texts:,} texts this head gives one such token half of its "
        "attention or more."
    )


def marked(example: Example) -> str:
    """The text, with the token that looks in bold and the token that it looks at in italics, both coloured.

    Markdown; everything else in the text is escaped. Long texts are cut around the two.
    """
    whole = example.text + (_BETWEEN + example.pair if example.pair else "")
    second = len(example.text) + len(_BETWEEN)
    marks = []
    places = (
        (example.query_place, _QUERY),
        (example.key_place, _KEY),
    )
    for place, form in places:
        if place is not None:
            start = second if place[0] else 0
            marks.append((start + place[1], start + place[2], form))
    words, done = [], 0
    for number, (start, end, form) in enumerate(sorted(marks)):
        if start < done or not whole[start:end].strip():  # a piece of a character that is marked already
            continue
        words.append(_plain(_cut(whole[done:start], first=number == 0)))
        words.append(form.format(escaped(whole[start:end])))
        done = end
    rest = whole[done:]
    words.append(_plain(rest if len(rest) <= _AROUND else _begin(rest, _AROUND) + "…"))
    return "".join(words)


def _cut(text: str, *, first: bool) -> str:
    if len(text) <= _AROUND:
        return text
    if first:
        return "…" + _end(text, _AROUND)
    return f"{_begin(text, _AROUND // 2)} … {_end(text, _AROUND // 2)}"


def _begin(text: str, most: int) -> str:
    """The first characters of a long text, up to a blank, where there is one."""
    whole, blank, _ = text[:most].rpartition(" ")
    return whole if blank and whole.strip() else text[:most]


def _end(text: str, most: int) -> str:
    """The last ones, from a blank on."""
    _, blank, whole = text[-most:].partition(" ")
    return whole if blank and whole.strip() else text[-most:]


def _plain(text: str) -> str:
    """A part of a text, harmless, with the blanks at its ends."""
    if not text.strip():
        return " " if text else ""
    before, after = " " * text[0].isspace(), " " * text[-1].isspace()
    return before + escaped(text) + after


def example_in_words(example: Example) -> str:
    """Which token looks at which, and how much: one line without markup."""
    query, key = (quoted(each) if each else "a token" for each in example.words)
    if isnan(example.surprise):
        return f"{query} takes from {key}: a vector of length {example.value:.3g}"
    usual = percent_or_less(example.usual)
    return f"{query} looks at {key}: {percent(example.value)}; at that distance it usually gives {usual}"
