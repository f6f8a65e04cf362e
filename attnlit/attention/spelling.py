"""What people see of tokens, for any tokenizer: slices of their own text, not the vocabulary's marks."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import regex

from attnlit.attention.align import SPACE_MARKS, Span, align, bare
from attnlit.attention.record import Token
from attnlit.wording import visible

# A word: one character in scripts written without spaces; a run of letters, marks and digits with inner
# apostrophes; or else one visible character.
_WORD = regex.compile(
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]\p{M}*"
    r"|(?:[\p{L}\p{N}_]\p{M}*)+?(?=[\p{Han}\p{Hiragana}\p{Katakana}])"
    r"|[\p{L}\p{N}_][\p{L}\p{M}\p{N}_]*(?:['’]\p{L}+)*"
    r"|(?!\s)\X"
)
_CHARACTER = regex.compile(r"\X")  # what a reader takes for one character, however many code points it has


@dataclass(frozen=True)
class Piece:
    """One token and its place in its segment's text, where that is known."""

    id: int
    raw: str
    special: bool
    segment: int | None
    span: Span | None


@dataclass(frozen=True, eq=False)
class Source:
    """A text, or a part of one, to look up words and characters by place."""

    text: str
    start: int  # where the part begins that `Token.span` counts from
    words: list[Span]
    characters: list[int]  # where each character starts

    def word_at(self, place: int) -> int | None:
        index = bisect_right(self.words, (place, len(self.text) + 1)) - 1
        return index if index >= 0 and place < self.words[index][1] else None

    def character_at(self, place: int) -> Span:
        index = bisect_right(self.characters, place)
        end = self.characters[index] if index < len(self.characters) else len(self.text)
        return self.characters[index - 1], end


def source_of(text: str, start: int = 0, end: int | None = None) -> Source:
    """The text between two places, to look up words in; places count from the whole text's beginning."""
    words = [match.span() for match in _WORD.finditer(text, start, len(text) if end is None else end)]
    if text.isascii() and "\r" not in text:  # nothing is made of several code points
        return Source(text, start, words, [*range(len(text))])
    return Source(text, start, words, [match.start() for match in _CHARACTER.finditer(text)])


def words_of(text: str) -> list[str]:
    """The words of a text, which `Token.word` counts; punctuation marks are words of their own."""
    return [match.group() for match in _WORD.finditer(text)]


def apart(pieces: Sequence[Piece], texts: Sequence[str]) -> list[Piece]:
    """The pieces, each with the characters that it spells of the ones that several are said to cover.

    texts: by segment. A tokenizer that falls back on bytes gives all bytes of a run of unknown characters the
    whole run. One that spells a blank of it has no place.
    """
    return [each for group in _same_place(pieces) for each in _apart(group, texts)]


def tokens_of(pieces: Sequence[Piece], sources: Sequence[Source], unknown: int | None) -> tuple[Token, ...]:
    """The pieces as tokens to show. sources: by segment. unknown: the id that stands for unknown text."""
    spans = _with_marks([_visible_span(piece, sources) for piece in pieces], pieces, sources)
    # What several pieces are parts of: an emoji, a letter with its marks, a run that is not cut any finer.
    parts = [_part_of(piece, span, sources) for piece, span in zip(pieces, spans, strict=True)]
    pieces_of = Counter(part for part in parts if part is not None)
    seen: Counter[tuple[int, int, int]] = Counter()
    tokens = []
    for position, (piece, span, part) in enumerate(zip(pieces, spans, parts, strict=True)):
        source = None if piece.segment is None else sources[piece.segment]
        if source is None or span is None:
            text = piece.raw if piece.special else _unplaced(piece, source)
            tokens.append(Token(piece.id, text, piece.raw, piece.special, piece.segment, position))
            continue
        slice_ = source.text[span[0] : span[1]]
        text = piece.raw if piece.id == unknown else slice_
        if piece.id != unknown and part is not None and pieces_of[part] > 1:
            seen[part] += 1
            slice_ = source.text[part[1] : part[2]]
            text = f"{visible(slice_)} {seen[part]}/{pieces_of[part]}"
        tokens.append(
            Token(
                id=piece.id,
                text=text,
                raw=piece.raw,
                special=False,
                segment=piece.segment,
                position=position,
                word=source.word_at(span[0]),
                source=slice_,
                span=(span[0] - source.start, span[1] - source.start),
            )
        )
    return tuple(tokens)


def _same_place(pieces: Sequence[Piece]) -> Iterator[list[Piece]]:
    """Neighbours of which the tokenizer says that they cover the same characters, together."""
    for (segment, span), group in groupby(pieces, key=lambda piece: (piece.segment, piece.span)):
        if segment is None or span is None:
            yield from ([piece] for piece in group)
        else:
            yield list(group)


def _apart(group: list[Piece], texts: Sequence[str]) -> list[Piece]:
    segment, span = group[0].segment, group[0].span
    if len(group) == 1 or segment is None or span is None or span[1] - span[0] < 2:
        return group
    own = align([piece.raw for piece in group], texts[segment][span[0] : span[1]])
    if any(each is None and bare(piece.raw).strip() for piece, each in zip(group, own, strict=True)):
        return group
    return [
        replace(piece, span=None if each is None else (span[0] + each[0], span[0] + each[1]))
        for piece, each in zip(group, own, strict=True)
    ]


def _visible_span(piece: Piece, sources: Sequence[Source]) -> Span | None:
    """The piece's place without the spaces around it; None if nothing is left, or no place is known."""
    if piece.special or piece.segment is None or piece.span is None:
        return None
    start, end = piece.span
    text = sources[piece.segment].text
    if not piece.raw.strip(SPACE_MARKS) and piece.raw[:1] not in text[start:end]:
        return None
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return (start, end) if start < end else None


def _with_marks(
    spans: Sequence[Span | None], pieces: Sequence[Piece], sources: Sequence[Source]
) -> list[Span | None]:
    """The places, with accents and the like that the tokenizer has dropped left on the letter before them."""
    found = list(spans)
    if all(source.text.isascii() for source in sources):
        return found
    begins: dict[int, int] = {}  # by segment: where the next piece of it begins
    for index in range(len(spans) - 1, -1, -1):
        span, segment = spans[index], pieces[index].segment
        if span is None or segment is None:
            continue
        text, end = sources[segment].text, span[1]
        limit = begins.get(segment, len(text))
        begins[segment] = span[0]
        if index and spans[index - 1] == span:
            continue
        while end < limit and unicodedata.category(text[end]).startswith("M"):
            end += 1
        found[index] = (span[0], end)
    return found


def _part_of(piece: Piece, span: Span | None, sources: Sequence[Source]) -> tuple[int, int, int] | None:
    """(segment, start, end) of the one character that the piece lies in; of all it covers if it has more."""
    if span is None or piece.segment is None:
        return None
    start, end = sources[piece.segment].character_at(span[0])
    return (piece.segment, start, end) if span[1] <= end else (piece.segment, *span)


def _unplaced(piece: Piece, source: Source | None) -> str:
    """What to draw for a token that covers no visible character: the blank, or its own spelling."""
    covered = "" if source is None or piece.span is None else source.text[slice(*piece.span)]
    if covered.strip():
        return " "  # a bare space, of which its tokenizer says that it covers the letter behind it
    spelled = bare(piece.raw)
    return covered or spelled.strip() or spelled
