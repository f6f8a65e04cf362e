"""A text as a model reads it: its tokens, within the limits, and the target of an encoder-decoder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from attnlit.attention.generate import write_target
from attnlit.attention.given import check_opened, check_text
from attnlit.attention.languages import start_of_target
from attnlit.attention.record import Token
from attnlit.attention.tokens import Encoded, continued, encode, encode_target, written
from attnlit.errors import AttnlitError
from attnlit.models import limits
from attnlit.models.model import Model

# Texts longer than this many characters a token are refused before they are tokenised.
CHARACTERS_A_TOKEN = 50


@dataclass(frozen=True, eq=False)
class Reading:
    """A text as a model reads it."""

    source: Encoded
    # What an encoder-decoder's decoder reads; None for any other model.
    target: Encoded | None
    text: str
    # The second text, if there is one; of an encoder-decoder the target's text.
    pair: str | None

    @property
    def inputs(self) -> dict[str, list[int]]:
        """What `attnlit.attention.forward` takes: N numbers for each of the model's arguments."""
        return {**self.source.inputs, **({} if self.target is None else self.target.inputs)}

    @property
    def lengths(self) -> tuple[int, int]:
        """Tokens of the text and of the target: texts of equal lengths can share a forward pass."""
        return len(self.source.tokens), 0 if self.target is None else len(self.target.tokens)

    @property
    def asked(self) -> Encoded:
        """What the next word is asked of: the target, where there is one."""
        return self.source if self.target is None else self.target

    @property
    def end(self) -> int:
        """How many tokens of `asked` there are before the mark that some tokenizers put behind a text."""
        if self.target is not None:  # such a mark is left off already
            return len(self.target.tokens)
        return _end(self.source.tokens, self.pair or self.text)


def read(model: Model, text: str, pair: str | None = None, *, write: bool = True) -> Reading:
    """The text, or two, as the model takes them; see `attnlit.attend`.

    A model that needs a target and has none writes one, or starts with none of its words if not `write`.
    Raises AttnlitError for a text that is empty or too long.
    """
    _check_text(model, text, "text")
    if pair is not None:
        check_text(pair, "second text")
        pair = pair if pair.strip() else None
    if pair is not None:
        _check_text(model, pair, "second text")
    both = pair if model.pairs != "target" else None
    source = _checked(model, encode(model.tokenizer, text, both, model.pairs))
    if model.pairs != "target":
        return Reading(source, _a_token_later(model, source) if model.reads_twice else None, text, pair)
    start = _start(model)
    if pair is None and write:
        ids = write_target(model, source.inputs, start, token_limit(model))
        pair, target = written(model.tokenizer, ids)
    else:
        pair = pair or ""
        target = encode_target(model.tokenizer, pair, start)
    return Reading(source, _checked(model, target), text, pair)


def read_prompt(model: Model, text: str, *, rendered: bool = False) -> Reading:
    """A text that the model is to go on with, or to answer, as it takes it; a target is only begun.

    rendered: a chat template has written the marks around it. The mark of an end that a tokenizer puts behind
    a text is left off. Raises AttnlitError for a text that is empty or too long.
    """
    _check_text(model, text, "prompt")
    source = _checked(model, encode(model.tokenizer, text, marks=not rendered))
    if model.pairs == "target":
        return Reading(source, written(model.tokenizer, [_start(model)])[1], text, "")
    count = _end(source.tokens, text)
    inputs = {name: values[:count] for name, values in source.inputs.items()}
    return Reading(Encoded(inputs, source.tokens[:count]), None, text, None)


def read_answer(model: Model, prompt: Reading, ids: Sequence[int]) -> Reading:
    """A prompt and what the model has written after it; `pair` is the text of that."""
    if prompt.target is None:
        text, source = continued(model.tokenizer, prompt.source, ids)
        return replace(prompt, source=source, pair=text)
    text, target = written(model.tokenizer, [prompt.target.tokens[0].id, *ids])
    return replace(prompt, target=target, pair=text)


def _end(tokens: Sequence[Token], text: str) -> int:
    """How many tokens there are before what the tokenizer put behind the text.

    A mark with which the typed text itself ends, as chat models have one before an answer, is part of it.
    """
    words = max((place for place, token in enumerate(tokens) if not token.special), default=0) + 1
    typed = (end for end in range(len(tokens), words, -1) if _ends_with(text, tokens[words:end]))
    return next(typed, words)


def _ends_with(text: str, marks: Sequence[Token]) -> bool:
    """Whether a text ends with these marks, and perhaps blanks, which a tokenizer may take to a mark."""
    for mark in reversed(marks):
        rest = text.rstrip().removesuffix(mark.raw)
        if rest == text.rstrip():
            return False
        text = rest
    return True


def token_limit(model: Model) -> int:
    """The most tokens that the model takes in this deployment."""
    return min(model.max_tokens, limits.max_tokens())


def _check_text(model: Model, text: str, name: str) -> None:
    """Raises AttnlitError for a text that is empty, broken or hopelessly long, before it is tokenised."""
    check_opened(model)
    check_text(text, name)
    if not text.strip():
        raise AttnlitError(f"The {name} is empty. Type a sentence, such as “The cat sat on the mat.”")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise AttnlitError(f"The {name} holds half a character (a lone surrogate). Paste it again.")
    limit = token_limit(model)
    if len(text) > CHARACTERS_A_TOKEN * limit:
        raise AttnlitError(
            f"The {name} has {len(text):,} characters, too many for {model.name}, which takes at most "
            f"{limit:,} tokens here. Give it a few sentences."
        )


def _checked(model: Model, encoded: Encoded) -> Encoded:
    """The tokens, if the model can take them; otherwise AttnlitError."""
    count, limit = len(encoded.tokens), token_limit(model)
    if count == 0:
        raise AttnlitError(f"{model.name} makes no token of this text. Try another.")
    if count > limit:
        raise AttnlitError(
            f"This text has {count:,} tokens, and {model.name} takes at most {limit:,} here. Shorten it."
        )
    if max(token.id for token in encoded.tokens) >= model.vocabulary_size:
        raise AttnlitError(
            f"The tokenizer of {model.name} does not belong to it: it makes tokens the model lacks."
        )
    taken = {name: ids for name, ids in encoded.inputs.items() if name in model.arguments}
    return Encoded(taken, encoded.tokens)


def _a_token_later(model: Model, source: Encoded) -> Encoded:
    """The text as the decoder of a classifier reads it: after a start, and without its last token."""
    (start,) = written(model.tokenizer, [_start(model)])[1].tokens
    tokens = (start, *(replace(token, position=token.position + 1) for token in source.tokens[:-1]))
    return Encoded({"decoder_input_ids": [token.id for token in tokens]}, tokens)


def _start(model: Model) -> int:
    """The token that a decoder starts with."""
    language = start_of_target(model)
    if language is not None:
        return language
    for settings in (model.module.config, getattr(model.module, "generation_config", None)):
        for name in ("decoder_start_token_id", "bos_token_id", "eos_token_id"):
            start = getattr(settings, name, None)
            if isinstance(start, int) and 0 <= start < model.vocabulary_size:
                return start
    raise AttnlitError(f"{model.name} does not say which token its target begins with. Choose another model.")
