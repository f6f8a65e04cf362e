"""Where a tokenizer that tells no places has cut a text: its pieces are found again by what they spell.

A tokenizer may change a text before it cuts it: other cases, other quotation marks, accents composed, taken
apart or dropped. So both text and pieces are spelled out as bytes, first strictly and then ever more loosely,
and every byte knows the character it came from. No change of length can shift a label.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby, pairwise

import regex

from attnlit.wording import visible

Span = tuple[int, int]  # from the first character to the one after the last
Spell = Callable[[str], str]  # of one character; what it makes of blanks is left out

SPACE_MARKS = "▁Ġ"  # how vocabularies write a space
_BYTE = regex.compile(r"<0x([0-9A-Fa-f]{2})>")  # how SentencePiece writes a byte
_BLANK_BYTES = b" \t\n\r\v\f"
_WINDOW = 8  # bytes that may be skipped where a text does not match as a whole: dropped signs
_MARKS_OF_PUNCTUATION = str.maketrans(
    dict.fromkeys("“”„‟«»″", '"') | dict.fromkeys("‘’‚‛‹›′´`", "'") | dict.fromkeys("‐‑‒–—―−", "-")
)


@dataclass(frozen=True)
class _Spelled:
    """A text as bytes, without its blanks, which tokenizers add and drop."""

    data: bytes
    places: list[int]  # the character that each byte came from
    word_starts: frozenset[int]  # bytes that follow a blank, and the first one


def align(raws: Sequence[str | None], text: str) -> list[Span | None]:
    """The characters of the text that each piece covers.

    raws: the vocabulary's spelling of each piece; None for an unknown one, which uses up the text that no
    other piece spells. A piece has no place if it spells nothing, as a bare space does, or is not found.
    """
    begins_word = [raw is not None and raw.startswith(tuple(SPACE_MARKS)) for raw in raws]
    for unmarked, spellings in _styles([raw for raw in raws if raw is not None], text):
        for spell in spellings:
            pieces = [None if raw is None else _bytes(unmarked(raw), spell) for raw in raws]
            source = _spelled(text, spell)
            found = _match(pieces, source, begins_word)
            if found is not None:
                return _spans(raws, found, source, text)
    pieces = [None if raw is None else _bytes(bare(raw), _loosely) for raw in raws]
    source = _spelled(text, _loosely)
    return _spans(raws, _one_by_one(pieces, source.data), source, text)


# ------------------------------------------------------------------------------------------ spellings


def _exactly(character: str) -> str:
    return character


def _apart(character: str) -> str:
    """Compatibility forms and accents taken apart (NFKD), as ﬁ → fi."""
    return unicodedata.normalize("NFKD", character)


def _without_case(character: str) -> str:
    return _apart(_apart(character).casefold())


def _loosely(character: str) -> str:
    """No case, no accents, no invisible characters, and one form of quotation marks and dashes."""
    loose = _without_case(character.translate(_MARKS_OF_PUNCTUATION))
    return "".join(each for each in loose if unicodedata.category(each)[0] not in "MC")


def _bytewise(character: str) -> str:
    """As `_exactly`; but only the blanks of ASCII are left out, as bytes know no others."""
    return character


_SPELLINGS: tuple[Spell, ...] = (_exactly, _apart, _without_case, _loosely)


@cache
def _byte_alphabet() -> dict[str, int]:
    """The bytes by the characters that byte-level vocabularies (GPT-2's) write them with."""
    plain = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in plain]
    return {chr(byte): byte for byte in plain} | {chr(256 + n): byte for n, byte in enumerate(others)}


def _styles(raws: list[str], text: str) -> Iterator[tuple[Callable[[str], str | bytes], tuple[Spell, ...]]]:
    """The ways in which such a vocabulary may mark its pieces, with the spellings that each allows."""
    if any(mark in text for mark in SPACE_MARKS):  # to a tokenizer of characters these are letters like any
        yield (lambda raw: raw), _SPELLINGS[:1]
    yield (lambda raw: raw.replace("▁", " ")), _SPELLINGS
    if any(bare(raw) != raw for raw in raws):
        yield bare, _SPELLINGS
    alphabet = _byte_alphabet()
    if all(each in alphabet for raw in raws for each in raw):
        yield (lambda raw: bytes(alphabet[each] for each in raw)), (_bytewise,)
    if all(ord(each) < 256 for raw in raws for each in raw):  # ByT5 writes each byte as a character
        yield (lambda raw: raw.encode("latin-1")), (_bytewise,)
    if any(_BYTE.fullmatch(raw) for raw in raws):  # some tokenizers write <0x0A> into the text that they make
        yield (lambda raw: raw.replace("▁", " ").encode()), (_bytewise,)


def bare(raw: str) -> str:
    """The vocabulary's spelling without its marks: ## and @@ join pieces, </w> ends words, ▁ is a space."""
    if blank := _blank(raw):
        return blank
    spelled = raw.removeprefix("##") or raw
    spelled = spelled.removesuffix("</w>").removesuffix("@@") or spelled
    for mark in SPACE_MARKS:
        spelled = spelled.replace(mark, " ")
    return spelled


def readable(raws: Sequence[str]) -> list[str]:
    """What to draw for tokens when only the vocabulary's spelling of them is known."""
    if any("Ġ" in raw for raw in raws):  # a byte-level vocabulary
        return [_of_bytes(raw) for raw in raws]
    return [bare(raw).strip() or bare(raw) for raw in raws]


def _of_bytes(raw: str) -> str:
    alphabet = _byte_alphabet()
    try:
        text = bytes(alphabet[each] for each in raw).decode()
    except (KeyError, UnicodeDecodeError):  # a part of a character, or no piece of this vocabulary
        return bare(raw)
    return text.strip() or text


def blanks_or_bytes(raw: str) -> str:
    """What to write for a piece of a vocabulary that is no text by itself: ␣ or ↵, or “byte C3”.

    Empty for what is neither blank nor a part of a character.
    """
    if blank := _blank(raw.replace("▁", " ")):
        return visible(blank)
    alphabet = _byte_alphabet()
    if byte := _BYTE.fullmatch(raw):
        spelled = bytes.fromhex(byte[1])
    elif not raw.isascii() and all(each in alphabet for each in raw):
        spelled = bytes(alphabet[each] for each in raw)
    else:
        return ""
    return f"byte{'s' if len(spelled) > 1 else ''} {spelled.hex(' ').upper()}"


def _blank(raw: str) -> str:
    """The blanks that a piece stands for, such as the line break of Ċ and <0x0A>; empty if it is no blank."""
    if byte := _BYTE.fullmatch(raw):
        spelled = chr(int(byte[1], 16))
    else:
        spelled = "".join(chr(_byte_alphabet().get(each, ord(each))) for each in raw)
    return spelled if spelled.isascii() and spelled.isspace() else ""


def _bytes(piece: str | bytes, spell: Spell) -> bytes:
    if isinstance(piece, bytes):
        return piece.translate(None, _BLANK_BYTES)
    if byte := _BYTE.fullmatch(piece):
        return bytes.fromhex(byte[1]).translate(None, _BLANK_BYTES)
    return _spelled(piece, spell).data


def _spelled(text: str, spell: Spell) -> _Spelled:
    data, places, word_starts = bytearray(), [], {0}
    for place, character in enumerate(text):
        if character in " \t\n\r\v\f" or (character.isspace() and spell is not _bytewise):
            word_starts.add(len(data))
            continue
        # Some accents are taken apart into a blank and a mark.
        spelled = "".join(each for each in spell(character) if spell is _bytewise or not each.isspace())
        data += (added := spelled.encode(errors="replace"))
        places += [place] * len(added)
    return _Spelled(bytes(data), places, frozenset(word_starts))


# ------------------------------------------------------------------------------------------ matching


def _match(pieces: list[bytes | None], source: _Spelled, begins_word: list[bool]) -> list[Span | None] | None:
    """The bytes of each piece, if the pieces spell the whole text in a row; None if they do not.

    Between two known pieces with unknown ones between them the text may go on for any length.
    """
    data = source.data
    found: list[Span | None] = [None] * len(pieces)
    cursor, skips = 0, False
    for unknown, run in groupby(range(len(pieces)), key=lambda index: pieces[index] is None):
        indices = list(run)
        spelled = b"".join(pieces[index] or b"" for index in indices)
        if unknown:
            skips = True
        elif spelled:
            if not skips:
                start = cursor if data.startswith(spelled, cursor) else -1
            elif indices[-1] == len(pieces) - 1:
                start = len(data) - len(spelled) if data.endswith(spelled) else -1
            else:
                starts = source.word_starts if begins_word[indices[0]] else None
                start = _find(spelled, data, cursor + 1, starts)
            if start < cursor + skips:
                return None
            for index in indices:
                end = start + len(pieces[index] or b"")
                found[index] = (start, end)
                start = end
            cursor, skips = start, False
    return found if skips or cursor == len(data) else None


def _find(spelled: bytes, data: bytes, start: int, starts: frozenset[int] | None) -> int:
    """The first place of these bytes from `start` on, at one of `starts` if any are given; -1 without one."""
    place = data.find(spelled, start)
    while starts is not None and place >= 0 and place not in starts:
        place = data.find(spelled, place + 1)
    return place


def _one_by_one(pieces: list[bytes | None], data: bytes) -> list[Span | None]:
    """The bytes of each piece that is found soon after the last one: some text is spelled otherwise."""
    found: list[Span | None] = []
    cursor, slack = 0, _WINDOW
    for piece in pieces:
        start = data.find(piece, cursor, cursor + len(piece) + slack) if piece else -1
        if start >= 0:
            cursor, slack = start + len(piece or b""), _WINDOW
            found.append((start, cursor))
        else:
            slack = len(data) if piece is None else slack + len(piece)
            found.append(None)
    return found


# ------------------------------------------------------------------------------------------ places


def _spans(
    raws: Sequence[str | None], found: list[Span | None], source: _Spelled, text: str
) -> list[Span | None]:
    """The characters of each piece, by its bytes; unknown pieces share what lies between the known ones."""
    spelled = frozenset(source.places)
    spans: list[Span | None] = []
    for piece in found:
        if piece is None or piece[0] == piece[1]:
            spans.append(None)
            continue
        start, end = source.places[piece[0]], source.places[piece[1] - 1] + 1
        while end < len(text) and end not in spelled and unicodedata.category(text[end])[0] == "M":
            end += 1  # an accent that the vocabulary does not write
        spans.append((start, end))
    placed = [-1, *(index for index, span in enumerate(spans) if span is not None), len(spans)]
    for before, after in pairwise(placed):
        unknown = [index for index in range(before + 1, after) if raws[index] is None]
        left, right = spans[before] if before >= 0 else None, spans[after] if after < len(spans) else None
        gap = (0 if left is None else left[1], len(text) if right is None else right[0])
        for index, span in zip(unknown, _shared(gap, len(unknown), text), strict=True):
            spans[index] = span
    return spans


def _shared(gap: Span, pieces: int, text: str) -> list[Span | None]:
    """A part of the text for each of some unknown pieces: a word, or a character, or all of it for each.

    To some vocabularies of single characters a blank is unknown, too.
    """

    def parts(pattern: str) -> list[Span]:
        return [match.span() for match in regex.finditer(pattern, text, pos=gap[0], endpos=gap[1])]

    words = parts(r"\S+")
    for found in (words, parts(r"(?!\s)\X"), parts(r"\X")):
        if len(found) == pieces:
            return [*found]
    return [(words[0][0], words[-1][1]) if words else None] * pieces
