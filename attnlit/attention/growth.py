"""Refuses tokenizers that can make a huge text of a short one, before they are given any.

A tokenizer's files say how it rewrites a text, and may say that every “a” becomes a million. Once it works,
nothing can stop it, so what it may do is read from its rules.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import regex

from attnlit.errors import AttnlitError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

MOST_GROWTH = 64.0  # characters that one character may become; Unicode's own forms need 18
# Bytes of a text that SentencePiece's table may put for another: the longest of Unicode's own forms has 33.
_LONGEST_FORM = 1_000
_NORMALIZER, _CHARSMAP = 3, 2  # the numbers of their fields in a SentencePiece model
_MOST_RULES = 100_000  # bytes of the rules that put special tokens around a text: usual ones have 1,000
_BETWEEN = regex.compile(r"\(\?<?[=!]|\\[bBAzZGK]|[\^$]")  # what looks around and takes nothing
_PARTS = ("normalizer", "pre_tokenizer", "post_processor", "decoder")


def check_growth(tokenizer: PreTrainedTokenizerBase, name: str) -> None:
    """Raises AttnlitError for the tokenizer of a model, by its name, that may blow texts up.

    Rules of the `tokenizers` library are read. A tokenizer that is written in Python brings none from its
    files but SentencePiece's, whose table of forms is read; and it is asked what it makes of single letters.
    """
    if growth_of(tokenizer) > MOST_GROWTH:
        raise AttnlitError(
            f"The tokenizer of “{name}” makes very long texts of short ones, and could use up this machine's "
            "memory. Choose another model."
        )


def growth_of(tokenizer: PreTrainedTokenizerBase) -> float:
    """Characters that one character of a text may become, at most."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        letters = [chr(code) for code in range(ord(" "), ord("~") + 1)]
        growth = float(max(sum(map(len, tokenizer.tokenize(letter))) for letter in letters))
        return growth * max(map(_growth_by_table, _tables(tokenizer)), default=1.0)
    growth = 1.0
    for part, state in states(tokenizer).items():
        if part == "post_processor" and len(state) > _MOST_RULES:
            return float("inf")
        for rule in rules(json.loads(state)):
            growth *= _growth_by(rule)
    return growth


def states(tokenizer: PreTrainedTokenizerBase) -> dict[str, bytes]:
    """The rules of each part of a tokenizer of the `tokenizers` library, as JSON; of all others none."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    parts = {part: getattr(backend, part, None) for part in _PARTS}
    return {part: bytes(own.__getstate__()) for part, own in parts.items() if own is not None}


def rules(state: Any) -> Iterator[dict[str, Any]]:
    """Every rule among rules that may hold others."""
    if isinstance(state, dict):
        yield state
    for inner in state.values() if isinstance(state, dict) else state if isinstance(state, list) else ():
        yield from rules(inner)


def _growth_by(rule: dict[str, Any]) -> float:
    kind = rule.get("type")
    if kind == "Replace":
        return _growth_by_replacing(rule.get("pattern", {}), len(rule.get("content", "")))
    if kind == "Prepend":
        return max(1.0, float(len(rule.get("prepend", ""))))
    if kind == "Precompiled":
        return _growth_by_table(_table(rule.get("precompiled_charsmap") or ""))
    return 1.0


def _growth_by_replacing(pattern: dict[str, str], length: int) -> float:
    """What becomes of each character where a pattern is replaced with so many."""
    if "String" in pattern:
        shortest = len(pattern["String"])
    else:
        shortest = 0 if _may_match_nothing(pattern.get("Regex", "")) else 1
    return max(1.0, length / shortest) if shortest else 1.0 + length


def _may_match_nothing(pattern: str) -> bool:
    """Whether a regular expression may match between two characters: then it puts something in."""
    if _BETWEEN.search(pattern):
        return True
    try:
        return regex.search(pattern, "") is not None
    except regex.error:  # a pattern in another dialect
        return True


def _table(charsmap: str | list[int]) -> bytes:
    """SentencePiece's table of forms, as the `tokenizers` library writes it."""
    try:
        return base64.b64decode(charsmap) if isinstance(charsmap, str) else bytes(charsmap)
    except (binascii.Error, ValueError):
        return b""  # it cannot be read by the library either


def _tables(tokenizer: PreTrainedTokenizerBase) -> Iterator[bytes]:
    """The tables of forms of the SentencePiece models in a tokenizer that is written in Python."""
    for own in vars(tokenizer).values():
        if hasattr(own, "serialized_model_proto"):
            rules_of_forms = _field(own.serialized_model_proto(), _NORMALIZER)
            yield _field(rules_of_forms, _CHARSMAP)


def _growth_by_table(table: bytes) -> float:
    trie = int.from_bytes(table[:4], "little")  # its size in bytes; then come the forms, each with a 0 behind
    longest = max(map(len, table[4 + trie :].split(b"\0")), default=0)
    return 1.0 if longest <= _LONGEST_FORM else float("inf")


def _field(message: bytes, number: int) -> bytes:
    """The first field of this number in a Protocol Buffers message, if it holds bytes; none without it.

    A field is a key, which is its number and how it is written; then comes a number with seven bits to a byte
    (0), eight bytes (1), a length and so many bytes (2), or four bytes (5).
    """
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        written = key & 7
        if written == 0:
            _, place = _varint(message, place)
            continue
        length = {1: 8, 5: 4}.get(written, 0)
        if written == 2:
            length, place = _varint(message, place)
        elif not length:
            break
        if key == number << 3 | 2:
            return message[place : place + length]
        place += length
    return b""


def _varint(message: bytes, place: int) -> tuple[int, int]:
    """(a number written with seven bits to a byte, the place behind it)"""
    value = shift = 0
    while place < len(message):
        byte = message[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            break
    return value, place
