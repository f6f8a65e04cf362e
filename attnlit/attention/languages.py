"""Models that translate between many languages, and must be told which (M2M100, NLLB, mBART)."""

from __future__ import annotations

import copy
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from attnlit.attention.tokens import tokenizing
from attnlit.errors import AttnlitError
from attnlit.models.model import Model

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_FLORES = re.compile(r"[a-z]{3}_[A-Z][a-z]{3}")  # how NLLB names a language and its script: eng_Latn


def languages_of(model: Model) -> tuple[str, ...]:
    """The codes of the languages that a model can be told to read and write; empty for all other models."""
    return tuple(sorted(_codes(model.tokenizer)))


def in_languages(model: Model, source: str, target: str) -> Model:
    """The model, told that it reads one language and writes another; its weights are shared, not copied.

    source, target: two of `languages_of(model)`. Raises AttnlitError for others.
    """
    known = _codes(model.tokenizer)
    if not known:
        raise AttnlitError(
            f"{model.name} reads and writes what it was made for: it has no languages to choose."
        )
    for code in (source, target):
        if code not in known:
            some = ", ".join(sorted(known)[:8])
            raise AttnlitError(f"{model.name} knows no language “{code}”, but {len(known)} others: {some} …")
    tokenizer = _copy(model.tokenizer)
    tokenizer.src_lang, tokenizer.tgt_lang = source, target
    return replace(model, tokenizer=tokenizer, identity=f"{model.identity} {source} to {target}")


def _copy(tokenizer: PreTrainedTokenizerBase) -> PreTrainedTokenizerBase:
    """A tokenizer that can be told something of its own: sessions share the other one.

    Not a deep copy, which reads the files once more, from wherever they were.
    """
    twin = object.__new__(type(tokenizer))
    vars(twin).update(vars(tokenizer))
    if tokenizer.is_fast:
        twin._tokenizer = copy.deepcopy(tokenizer.backend_tokenizer)  # which keeps the language itself
    return twin


def target_language(model: Model) -> int | None:
    """The token of the language that the model was told to write; None if it was not, or has none."""
    code = getattr(model.tokenizer, "tgt_lang", None)
    return _codes(model.tokenizer).get(code) if isinstance(code, str) else None


def start_of_target(model: Model) -> int | None:
    """The token of the language that a decoder starts with, where it does so (mBART); otherwise None.

    Such a model's targets end with their language, and transformers moves the last token to the front.
    """
    language = target_language(model)
    if language is None:
        return None
    with tokenizing(model.tokenizer):
        ends_with = model.tokenizer(text_target="a")["input_ids"][-1]
    return language if ends_with == language else None


def _codes(tokenizer: PreTrainedTokenizerBase) -> dict[str, int]:
    """The token of each language, by the code that the tokenizer takes."""
    if not hasattr(tokenizer, "tgt_lang"):
        return {}
    by_code = getattr(tokenizer, "lang_code_to_token", None) or getattr(tokenizer, "lang_code_to_id", None)
    if by_code is None:
        by_code = {each: each for each in tokenizer.all_special_tokens if _FLORES.fullmatch(each)}
    ids = {
        code: tokenizer.convert_tokens_to_ids(token) if isinstance(token, str) else int(token)
        for code, token in by_code.items()
    }
    return {code: id_ for code, id_ in ids.items() if id_ not in (None, tokenizer.unk_token_id)}
