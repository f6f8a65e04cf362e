"""What a tokenizer makes of a text: the numbers that a model takes, and the tokens that people see."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from attnlit.attention.align import align, blanks_or_bytes
from attnlit.attention.patterns import check_time
from attnlit.attention.record import Token
from attnlit.attention.spelling import Piece, apart, source_of, tokens_of
from attnlit.errors import AttnlitError
from attnlit.models.failures import native_faults
from attnlit.wording import one_line

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

BUSY_SECONDS = 20.0  # to wait for a tokenizer that works on another text
_SENTINEL = re.compile(r"<extra_id_\d+>")  # T5's masks
_STEM = 16  # tokens of a text after which what was written behind it is decoded
_UNFINISHED, _MOST_BYTES = "\ufffd", 4  # what a decoder writes for a part of a character, and its bytes
_ABOUT_TOKENS = {"special_tokens_mask", "offset_mapping"}  # outputs that are not for the model

# A tokenizer keeps state while it works (truncation, source or target language), and sessions share it.
_locks: WeakKeyDictionary[PreTrainedTokenizerBase, threading.Lock] = WeakKeyDictionary()
_looking_up = threading.Lock()


@dataclass(frozen=True)
class Encoded:
    """One text, or two, as a model takes it."""

    inputs: dict[str, list[int]]  # by the names of the model's arguments
    tokens: tuple[Token, ...]


@contextmanager
def tokenizing(tokenizer: PreTrainedTokenizerBase) -> Iterator[None]:
    """Holds one tokenizer, and no other. Raises AttnlitError if it fails, or works on without an end."""
    with _looking_up:
        lock = _locks.setdefault(tokenizer, threading.Lock())
    if not lock.acquire(timeout=BUSY_SECONDS):
        raise AttnlitError("This model's tokenizer is busy with another text. Try again in a moment.")
    try:
        with native_faults():
            yield
    except (AttnlitError, MemoryError):
        raise
    except Exception as error:  # a tokenizer's files may be anything, and its libraries raise anything
        detail = one_line(f"{type(error).__name__}: {error}", 160)
        raise AttnlitError(
            f"This model's tokenizer cannot read this text ({detail}). Change it, or choose another model."
        ) from error
    finally:
        lock.release()


def pair_rule(tokenizer: PreTrainedTokenizerBase, *, encoder_decoder: bool, causal: bool) -> str:
    """How a model takes a second text: "target", "segments" (as a sentence pair) or "joined" (in a row)."""
    if encoder_decoder:
        return "target"
    if causal:
        return "joined"
    with tokenizing(tokenizer):
        alone, bare, both = tokenizer("a"), tokenizer("a", add_special_tokens=False), tokenizer("a", "a")
    separated = len(both["input_ids"]) > len(alone["input_ids"]) + len(bare["input_ids"])
    return "segments" if separated or 1 in both.get("token_type_ids", ()) else "joined"


def encode(
    tokenizer: PreTrainedTokenizerBase,
    text: str,
    pair: str | None = None,
    rule: str = "segments",
    *,
    marks: bool = True,
) -> Encoded:
    """The tokens of a text, or of two: as a sentence pair, or in a row where the rule is "joined".

    marks: the tokenizer adds its own around the text; a chat template has written them already.
    """
    if pair is not None and rule == "joined":
        whole = in_a_row(text, pair)
        inputs, pieces = _tokenize(tokenizer, whole)
        pieces = _divide(pieces, whole, len(text))
        sources = [source_of(whole, end=len(text)), source_of(whole, start=len(whole) - len(pair))]
    else:
        inputs, pieces = _tokenize(tokenizer, text, pair, marks=marks)
        sources = [source_of(each) for each in (text, pair) if each is not None]
    return Encoded(inputs, tokens_of(pieces, sources, tokenizer.unk_token_id))


def in_a_row(text: str, pair: str) -> str:
    """Two texts as a model reads them that takes them in a row: with a blank between, where there is none."""
    gap = "" if text[-1].isspace() or pair[0].isspace() else " "
    return text + gap + pair


def count_tokens(tokenizer: PreTrainedTokenizerBase, text: str) -> int:
    """How many tokens `encode` makes of a text, with the marks around it; nothing is said of any of them."""
    with tokenizing(tokenizer):
        return len(tokenizer(text, verbose=False)["input_ids"])


def encode_target(tokenizer: PreTrainedTokenizerBase, text: str, start: int) -> Encoded:
    """A target text as a decoder reads it: the start token first, and the mark of its end left off."""
    told = not hasattr(tokenizer, "lang_code_to_token") or tokenizer.tgt_lang is not None  # M2M100 must be
    if text and not told:
        raise AttnlitError(
            "This model knows many languages and was not told which one the second text is in. Leave it "
            "out, and the model writes one; in Python, see attnlit.attention.languages."
        )
    pieces = _tokenize(tokenizer, text, target=True)[1] if told else []
    with tokenizing(tokenizer):
        raw = str(tokenizer.convert_ids_to_tokens(start))
    # mBART's targets end with the mark of their end and with the language that its decoder starts with.
    named = bool(pieces) and pieces[-1].id == start != tokenizer.eos_token_id
    pieces = pieces[:-1] if named else pieces
    words = pieces[:-1] if pieces and pieces[-1].special else pieces
    pieces = [Piece(start, raw, special=True, segment=None, span=None), *words]
    ids = [piece.id for piece in pieces]
    return Encoded({"decoder_input_ids": ids}, tokens_of(pieces, [source_of(text)], tokenizer.unk_token_id))


def written(tokenizer: PreTrainedTokenizerBase, ids: Sequence[int]) -> tuple[str, Encoded]:
    """(text, tokens) of what a decoder wrote, as it reads it. ids: its start token first; all are kept."""
    with tokenizing(tokenizer):
        start = str(tokenizer.convert_ids_to_tokens(ids[0]))
    text, pieces = _decoded(tokenizer, ids[1:])
    pieces = [Piece(ids[0], start, special=True, segment=None, span=None), *pieces]
    tokens = tokens_of(pieces, [source_of(text)], tokenizer.unk_token_id)
    return text, Encoded({"decoder_input_ids": list(ids)}, tokens)


def continued(tokenizer: PreTrainedTokenizerBase, before: Encoded, ids: Sequence[int]) -> tuple[str, Encoded]:
    """(what the ids say, the tokens of a text and of the ids behind it), as who has written them reads them.

    The ids' tokens are of segment 1. Whatever the tokenizer's own marks say goes on as it ended.
    """
    text, pieces = _decoded(tokenizer, ids, _stem(before), segment=1)
    tokens = tokens_of(pieces, [source_of(""), source_of(text)], tokenizer.unk_token_id)
    length = len(before.tokens)
    inputs = {
        name: [*values, *(ids if name == "input_ids" else [values[-1]] * len(ids))]
        for name, values in before.inputs.items()
    }
    return text, Encoded(
        inputs, (*before.tokens, *(replace(token, position=length + token.position) for token in tokens))
    )


def text_written(tokenizer: PreTrainedTokenizerBase, ids: Sequence[int], before: Encoded | None) -> str:
    """What `written`, or behind a text `continued`, says, without the tokens, which cost far more."""
    with tokenizing(tokenizer):
        return _text_and_its_ids(tokenizer, ids, () if before is None else _stem(before))[0]


def _stem(before: Encoded) -> list[int]:
    """The words of a text that decide on the space behind it."""
    return [token.id for token in before.tokens if not token.special][-_STEM:]


def _decoded(
    tokenizer: PreTrainedTokenizerBase, ids: Sequence[int], before: Sequence[int] = (), segment: int = 0
) -> tuple[str, list[Piece]]:
    """(text, pieces) of what a model wrote after some other tokens, which decide on the space between."""
    with tokenizing(tokenizer):
        raws = [str(raw) for raw in tokenizer.convert_ids_to_tokens(list(ids))]
        control = _control_ids(tokenizer)
        text, of_text = _text_and_its_ids(tokenizer, ids, before)
    unknown = tokenizer.unk_token_id
    own = [None if ids[index] == unknown else raws[index] for index in of_text]
    spans = dict(zip(of_text, align(own, text), strict=True))
    for index, id_ in enumerate(ids):  # a part of a character that no others make whole is told by its bytes
        if spans.get(index) is None and id_ not in control:
            with tokenizing(tokenizer):
                part = _UNFINISHED in str(tokenizer.decode([id_]))
            raws[index] = (part and blanks_or_bytes(raws[index])) or raws[index]
    return text, [
        Piece(id_, raw, id_ in control, None if id_ in control else segment, spans.get(index))
        for index, (id_, raw) in enumerate(zip(ids, raws, strict=True))
    ]


def _text_and_its_ids(
    tokenizer: PreTrainedTokenizerBase, ids: Sequence[int], before: Sequence[int]
) -> tuple[str, list[int]]:
    """(text, places of the ids that make it). A character that is not finished at the end is none of it."""
    control = _control_ids(tokenizer)
    of_text = [index for index, id_ in enumerate(ids) if id_ not in control]
    text = _after(tokenizer, before, [ids[index] for index in of_text])
    for _ in range(_MOST_BYTES):
        if of_text and text.endswith(_UNFINISHED):
            of_text.pop()
            text = _after(tokenizer, before, [ids[index] for index in of_text])
    return text, of_text


def _after(tokenizer: PreTrainedTokenizerBase, before: Sequence[int], ids: Sequence[int]) -> str:
    """What some tokens add to the text of others."""
    stem, whole, alone = (
        str(tokenizer.decode(each, clean_up_tokenization_spaces=False))
        for each in ([*before], [*before, *ids], [*ids])
    )
    # Otherwise a character of the text before ends only here.
    return whole[len(stem) :] if whole.startswith(stem) else alone


def _control_ids(tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    """Special tokens that stand for no text. A mask, a sentinel and an unknown word do stand for some."""
    control = set(tokenizer.all_special_ids)
    names = ("bos_token_id", "eos_token_id", "cls_token_id", "sep_token_id", "pad_token_id")
    if tokenizer.unk_token_id not in (getattr(tokenizer, name, None) for name in names):
        control.discard(tokenizer.unk_token_id)
    control.discard(tokenizer.mask_token_id)
    sentinels = [raw for raw in tokenizer.all_special_tokens if _SENTINEL.fullmatch(raw)]
    return frozenset(control - set(tokenizer.convert_tokens_to_ids(sentinels)))


def _tokenize(
    tokenizer: PreTrainedTokenizerBase,
    text: str,
    pair: str | None = None,
    *,
    target: bool = False,
    marks: bool = True,
) -> tuple[dict[str, list[int]], list[Piece]]:
    fast = tokenizer.is_fast
    options = {"return_special_tokens_mask": True, "return_offsets_mapping": fast, "verbose": False}
    options |= {} if marks else {"add_special_tokens": False}
    with tokenizing(tokenizer):
        check_time(tokenizer, [text] if pair is None else [text, pair])
        encoding = tokenizer(text_target=text, **options) if target else tokenizer(text, pair, **options)
        ids = encoding["input_ids"]
        raws = [str(raw) for raw in tokenizer.convert_ids_to_tokens(ids)]
        control = _control_ids(tokenizer)
        first_length = None if fast else len(tokenizer(text, add_special_tokens=False)["input_ids"])
    inputs = {
        name: list(values)
        for name, values in encoding.items()
        if name not in _ABOUT_TOKENS and isinstance(values, list) and len(values) == len(ids)
    }
    unknown, mask = tokenizer.unk_token_id, encoding["special_tokens_mask"]
    special = [bool(each) and (fast or id_ != unknown) for id_, each in zip(ids, mask, strict=True)]
    if fast:
        segments, spans = encoding.sequence_ids(0), encoding["offset_mapping"]
    else:
        segments = _segments(special, first_length)
        spans = _places(ids, raws, segments, [text, pair or ""], unknown)
    texts = (text, pair or "")
    pieces = []
    for id_, raw, added, segment, span in zip(ids, raws, special, segments, spans, strict=True):
        typed = id_ in control and segment is not None and span is not None
        typed = typed and texts[segment][slice(*span)].strip() == raw
        outside = added or typed or segment is None
        pieces.append(Piece(id_, raw, outside, None if outside else segment, None if outside else span))
    return inputs, apart(pieces, texts)


def _segments(special: list[bool], first_length: int | None) -> list[int | None]:
    """The text that each piece is of, where a tokenizer does not tell: the first so many are the first's."""
    segments: list[int | None] = []
    seen = 0
    for each in special:
        segments.append(None if each else int(first_length is not None and seen >= first_length))
        seen += not each
    return segments


def _places(
    ids: list[int], raws: list[str], segments: list[int | None], texts: list[str], unknown: int | None
) -> list[tuple[int, int] | None]:
    """Where the pieces of a tokenizer that tells no places stand in their texts."""
    places: list[tuple[int, int] | None] = [None] * len(ids)
    for segment, text in enumerate(texts):
        own = [index for index, each in enumerate(segments) if each == segment]
        found = align([None if ids[index] == unknown else raws[index] for index in own], text)
        for index, place in zip(own, found, strict=True):
            places[index] = place
    return places


def _divide(pieces: list[Piece], whole: str, boundary: int) -> list[Piece]:
    """Pieces of two joined texts: the second begins with the first letters past the boundary."""
    divided, segment = [], 0
    for piece in pieces:
        if not piece.special and piece.span is not None:
            covered = whole[slice(*piece.span)]
            spaces = len(covered) - len(covered.lstrip()) if covered.strip() else 0
            segment = 1 if piece.span[0] + spaces >= boundary else segment
            if not segment:  # an unknown run may go on into the second
                piece = replace(piece, span=(piece.span[0], min(piece.span[1], boundary)))
        divided.append(piece if piece.special else replace(piece, segment=segment))
    return divided
