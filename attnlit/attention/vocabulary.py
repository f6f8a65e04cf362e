"""What to draw for words of a vocabulary that are in no text: those that a model could have written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from attnlit.attention.align import blanks_or_bytes
from attnlit.wording import visible

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_SPACE_MARKS = ("▁", "Ġ")  # how vocabularies write the space before a word
_INNER_MARK = "##"  # how BERT's vocabulary writes that a piece continues a word


def vocabulary_texts(tokenizer: PreTrainedTokenizerBase, ids: Iterable[int]) -> list[str]:
    """What to draw for tokens outside any text: “cat” for a word, “…ing” for a piece that continues one."""
    ids = [int(each) for each in ids]
    raws = [raw or "" for raw in tokenizer.convert_ids_to_tokens(ids)]
    special = set(tokenizer.all_special_ids)
    # A vocabulary with a space before its words has “a” with one; in others only ## tells pieces from words.
    short_words = [tokenizer.convert_tokens_to_ids(f"{mark}a") for mark in _SPACE_MARKS]
    marked = any(each not in (None, tokenizer.unk_token_id) for each in short_words)
    texts = []
    for id_, raw in zip(ids, raws, strict=True):
        inner = raw.startswith(_INNER_MARK) and raw != _INNER_MARK
        decoded = tokenizer.decode([id_])
        text = raw.removeprefix(_INNER_MARK) if inner else decoded.strip()
        # Blanks, parts of a character, ids without a word.
        if not text or "\ufffd" in text or raw.startswith("<0x"):
            texts.append(blanks_or_bytes(raw) or visible(raw or f"#{id_}"))
            continue
        unmarked = marked and not raw.startswith(_SPACE_MARKS) and id_ not in special and text[0].isalnum()
        text = visible(text)
        texts.append(f"…{text}" if inner or unmarked else text)
    return texts
