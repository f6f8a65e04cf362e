"""Tokens as people should see them, for any tokenizer: slices of the text, not the vocabulary's marks."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import regex

from attnlit.attention.record import Token
from attnlit.wording import printable

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

# A word: one character in scripts written without spaces; a run of letters, marks and digits with inner
# apostrophes; or else one visible character.
_WORD = regex.compile(
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]\p{M}*"
    r"|(?:[\p{L}\p{N}_]\p{M}*)+?(?=[\p{Han}\p{Hiragana}\p{Katakana}])"
    r"|[\p{L}\p{N}_][\p{L}\p{M}\p{N}_]*(?:['’]\p{L}+)*"
    r"|(?!\s)\X"
)
_CHARACTER = regex.compile(r"\X")  # what a reader takes for one character, however many code points it has
_MARK = regex.compile(r"\p{M}")
_SPACE_MARKS = "▁Ġ"  # how vocabularies write a space

# A tokenizer keeps state while it works (truncation, source or target language), and sessions share it.
_tokenizing = threading.Lock()


@dataclass(frozen=True)
class Encoded:
    """One text, or two, as a model takes it."""

    inputs: dict[str, list[int]]  # by the names of the model's arguments
    tokens: tuple[Token, ...]


@dataclass(frozen=True)
class _Piece:
    """One token and its place: characters start to end of its segment's text, where that is known."""

    id: int
    raw: str
    special: bool
    segment: int | None
    span: tuple[int, int] | None


@dataclass(frozen=True, eq=False)
class _Source:
    """A text, to look up words and characters by place."""

    text: str
    words: list[tuple[int, int]]  # (start, end) of each word of one segment
    characters: list[int]  # where each character starts

    def word_at(self, place: int) -> int | None:
        index = bisect_right(self.words, place, key=lambda span: span[0]) - 1
        return index if index >= 0 and place < self.words[index][1] else None

    def character_at(self, place: int) -> tuple[int, int]:
        index = bisect_right(self.characters, place)
        end = self.characters[index] if index < len(self.characters) else len(self.text)
        return self.characters[index - 1], end


def pair_rule(tokenizer: PreTrainedTokenizerBase, *, encoder_decoder: bool, causal: bool) -> str:
    """How a model takes a second text: "target", "segments" (as a sentence pair) or "joined" (in a row)."""
    if encoder_decoder:
        return "target"
    if causal:
        return "joined"
    with _tokenizing:
        alone, bare, both = tokenizer("a"), tokenizer("a", add_special_tokens=False), tokenizer("a", "a")
    separated = len(both["input_ids"]) > len(alone["input_ids"]) + len(bare["input_ids"])
    return "segments" if separated or 1 in both.get("token_type_ids", ()) else "joined"


def encode(
    tokenizer: PreTrainedTokenizerBase, text: str, pair: str | None = None, rule: str = "segments"
) -> Encoded:
    """The tokens of a text, or of two: as a sentence pair, or in a row where the rule is "joined"."""
    if pair is not None and rule == "joined":
        gap = "" if text[-1].isspace() or pair[0].isspace() else " "
        whole = text + gap + pair
        inputs, pieces = _tokenize(tokenizer, whole)
        pieces = _divide(pieces, whole, len(text))
        sources = [_source(whole, end=len(text)), _source(whole, start=len(text))]
    else:
        inputs, pieces = _tokenize(tokenizer, text, pair)
        sources = [_source(each) for each in (text, pair) if each is not None]
    return Encoded(inputs, _tokens(pieces, sources, tokenizer.unk_token_id))


def encode_target(tokenizer: PreTrainedTokenizerBase, text: str, start: int) -> Encoded:
    """A target text as a decoder reads it: the start token first, and the mark of its end left off."""
    _, pieces = _tokenize(tokenizer, text, target=True)
    with _tokenizing:
        raw = tokenizer.convert_ids_to_tokens(start)
    words = pieces[:-1] if pieces and pieces[-1].special else pieces
    pieces = [_Piece(start, raw, special=True, segment=None, span=None), *words]
    ids = [piece.id for piece in pieces]
    return Encoded({"decoder_input_ids": ids}, _tokens(pieces, [_source(text)], tokenizer.unk_token_id))


def decode(tokenizer: PreTrainedTokenizerBase, ids: list[int]) -> str:
    """The text of some tokens, without special ones."""
    with _tokenizing:
        text: str = tokenizer.decode(ids, skip_special_tokens=True)
    return text


def _tokenize(
    tokenizer: PreTrainedTokenizerBase, text: str, pair: str | None = None, *, target: bool = False
) -> tuple[dict[str, list[int]], list[_Piece]]:
    fast = tokenizer.is_fast
    options = {"return_special_tokens_mask": True, "return_offsets_mapping": fast, "verbose": False}
    with _tokenizing:
        encoding = tokenizer(text_target=text, **options) if target else tokenizer(text, pair, **options)
        raws = tokenizer.convert_ids_to_tokens(encoding["input_ids"])
        first_length = None if fast else len(tokenizer(text, add_special_tokens=False)["input_ids"])
    ids, mask = encoding["input_ids"], encoding["special_tokens_mask"]
    inputs = {
        name: list(encoding[name])
        for name in ("input_ids", "attention_mask", "token_type_ids")
        if name in encoding
    }
    if fast:
        segments = encoding.sequence_ids(0)
        pieces = [
            _Piece(id_, raw, bool(special) or segment is None, None if special else segment, span)
            for id_, raw, special, segment, span in zip(
                ids, raws, mask, segments, encoding["offset_mapping"], strict=True
            )
        ]
    else:
        pieces = _place(
            ids,
            raws,
            [bool(each) and id_ != tokenizer.unk_token_id for id_, each in zip(ids, mask, strict=True)],
            [text, pair or ""],
            first_length,
        )
    return inputs, pieces


def _place(
    ids: list[int], raws: list[str], special: list[bool], texts: list[str], first_length: int | None
) -> list[_Piece]:
    """Pieces of a tokenizer that tells no places: each is looked for in the text after the last one."""
    pieces = []
    cursor, seen = 0, 0
    for id_, raw, is_special in zip(ids, raws, special, strict=True):
        if is_special:
            pieces.append(_Piece(id_, raw, True, None, None))
            continue
        if seen == first_length:
            cursor = 0
        segment = 0 if first_length is None or seen < first_length else 1
        seen += 1
        text, bare = texts[segment].lower(), _bare(raw).lower()
        start = text.find(bare, cursor, cursor + len(bare) + 8) if bare else -1  # 8: spaces and dropped signs
        span = None if start < 0 else (start, start + len(bare))
        cursor = cursor if span is None else span[1]
        pieces.append(_Piece(id_, raw, False, segment, span))
    return pieces


def _divide(pieces: list[_Piece], whole: str, boundary: int) -> list[_Piece]:
    """Pieces of two joined texts: the second begins with the first letters past the boundary."""
    divided, segment = [], 0
    for piece in pieces:
        if not piece.special and piece.span is not None:
            covered = whole[slice(*piece.span)]
            spaces = len(covered) - len(covered.lstrip()) if covered.strip() else 0
            segment = 1 if piece.span[0] + spaces >= boundary else segment
        divided.append(piece if piece.special else replace(piece, segment=segment))
    return divided


def words_of(text: str) -> list[str]:
    """The words of a text, which `Token.word` counts; punctuation marks are words of their own."""
    return [match.group() for match in _WORD.finditer(text)]


def _source(text: str, start: int = 0, end: int | None = None) -> _Source:
    words = [match.span() for match in _WORD.finditer(text, start, len(text) if end is None else end)]
    return _Source(text, words, [match.start() for match in _CHARACTER.finditer(text)])


def _tokens(pieces: list[_Piece], sources: list[_Source], unknown: int | None) -> tuple[Token, ...]:
    spans = [_visible(piece, sources) for piece in pieces]
    # The one character that a piece is a part of, for pieces of an emoji or of a letter with its marks.
    parts = [_part_of(piece, span, sources) for piece, span in zip(pieces, spans, strict=True)]
    pieces_of = Counter(part for part in parts if part is not None)
    seen: Counter[Any] = Counter()
    tokens = []
    for position, (piece, span, part) in enumerate(zip(pieces, spans, parts, strict=True)):
        source = sources[piece.segment] if piece.segment is not None else None
        word, slice_ = None, ""
        if piece.special:
            text = printable(piece.raw)
        elif source is None or span is None:
            text = _unplaced(piece, source)
        else:
            word = source.word_at(span[0])
            slice_ = source.text[span[0] : span[1]]
            text = printable(slice_)
            if piece.id == unknown:
                text = piece.raw
            elif part is not None and pieces_of[part] > 1:
                seen[part] += 1
                slice_ = source.text[part[1] : part[2]]
                text = f"{printable(slice_)} {seen[part]}/{pieces_of[part]}"
            elif _MARK.match(slice_):
                text = "◌" + text  # a mark without its letter would sit on its neighbour
        tokens.append(Token(piece.id, text, piece.raw, piece.special, piece.segment, position, word, slice_))
    return tuple(tokens)


def _visible(piece: _Piece, sources: list[_Source]) -> tuple[int, int] | None:
    """The piece's place without the spaces around it; None if nothing is left, or no place is known."""
    if piece.special or piece.segment is None or piece.span is None or not piece.raw.strip(_SPACE_MARKS):
        return None
    start, end = piece.span
    text = sources[piece.segment].text
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return (start, end) if start < end else None


def _part_of(
    piece: _Piece, span: tuple[int, int] | None, sources: list[_Source]
) -> tuple[int, int, int] | None:
    """(segment, start, end) of the single character that the piece lies in."""
    if span is None or piece.segment is None:
        return None
    start, end = sources[piece.segment].character_at(span[0])
    return (piece.segment, start, end) if span[1] <= end else None


def _unplaced(piece: _Piece, source: _Source | None) -> str:
    """What to draw for a token that covers no visible character: the kind of space, or its own spelling."""
    covered = source.text[slice(*piece.span)] if source is not None and piece.span is not None else ""
    if not covered and piece.raw.strip(_SPACE_MARKS):
        return printable(_bare(piece.raw))
    if "\n" in covered or "\r" in covered:
        return "↵"
    return "⇥" if "\t" in covered else "␣"


def _bare(raw: str) -> str:
    """The vocabulary's spelling without its marks, for tokenizers that tell no places."""
    bare = raw.removeprefix("##").removesuffix("</w>").removesuffix("@@")
    for mark in _SPACE_MARKS:
        bare = bare.replace(mark, " ")
    return bare.strip()
