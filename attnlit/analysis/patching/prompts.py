"""What a model reads to score two words after a prompt, and which two prompts can be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from attnlit.analysis.predict import check_predicts
from attnlit.attention.given import check_text
from attnlit.attention.reading import read
from attnlit.errors import AttnlitError
from attnlit.wording import quoted

if TYPE_CHECKING:
    from attnlit.attention.record import Attention, Token
    from attnlit.models.model import Model


@dataclass(frozen=True)
class PromptText:
    """A prompt, and as much of a continuation as the model must read to predict the rest of it."""

    inputs: dict[str, list[int]]
    prompt: int  # how many of its tokens are the prompt's
    places: list[int]  # rows of the logits in which the continuation's tokens are predicted
    columns: list[int]  # which continuations this text tells of: 0 is the expected one, 1 the other
    tokens: list[list[int]]  # of each of these continuations, one token a place


def check_model(model: Model) -> None:
    """Raises AttnlitError for models that cannot be asked how likely a continuation is."""
    check_predicts(model)
    if model.kinds != ("self",) or not (model.causal or model.masked):
        raise AttnlitError(
            f"{model.name} neither writes from left to right nor fills in [MASK]s. Choose a model that does, "
            "such as “mini-gpt2” or “mini-bert”."
        )


def prompt_texts(model: Model, prompt: str, words: tuple[str, str]) -> list[PromptText]:
    """What the model must read to score two words, or longer continuations: one text for single tokens."""
    ask = _filled if model.masked else _continued
    texts = [ask(model, prompt, continuation, column) for column, continuation in enumerate(words)]
    one, other = texts
    if one.tokens == other.tokens:
        raise AttnlitError(
            "The two continuations are the same, so nothing can be told from them. Choose two that differ."
        )
    if one.inputs == other.inputs:
        return [PromptText(one.inputs, one.prompt, one.places, [0, 1], one.tokens + other.tokens)]
    return texts


def single_word(model: Model, prompt: str, word: str) -> PromptText:
    """What the model must read to score one word, which must be a single token of its vocabulary."""
    text = (_filled if model.masked else _continued)(model, prompt, word, 0)
    if len(text.tokens[0]) > 1:
        raise AttnlitError(
            f"{quoted(word)} is several tokens in {model.name}, and only a single token can be the "
            "likeliest. Choose a shorter or more common word."
        )
    return text


def next_word(model: Model, prompt: str) -> PromptText:
    """What the model must read to be asked for the word after the prompt, or the one at its [MASK]."""
    return _blank(model, prompt) if model.masked else _to_its_end(model, prompt)


def _to_its_end(model: Model, prompt: str) -> PromptText:
    ids, inputs = _read_words(model, prompt.rstrip())
    return PromptText(inputs, len(ids), [len(ids) - 1], [], [])


def _blank(model: Model, prompt: str) -> PromptText:
    source = read(model, prompt).source
    places = [token.position for token in source.tokens if token.id == model.mask_id]
    if len(places) != 1:
        raise AttnlitError(
            f"{model.name} guesses a word that is left out. Put {model.mask_token} exactly once into each "
            f"prompt, as in “The nurse helped the farmer because she was {model.mask_token}.”"
        )
    return PromptText(source.inputs, len(source.tokens), places, [], [])


def _continued(model: Model, prompt: str, continuation: str, column: int) -> PromptText:
    """A model that writes from left to right goes on with the continuation, after a space."""
    _check_continuation(continuation)
    start, _ = _read_words(model, prompt.rstrip())
    ids, inputs = _read_words(model, f"{prompt.rstrip()} {continuation.strip()}")
    if ids[: len(start)] != start or len(ids) == len(start):
        raise AttnlitError(
            f"{model.name} merges {quoted(continuation)} and the end of the prompt into one token, so its "
            "probability cannot be computed. End the prompt with a whole word, and begin with another."
        )
    last = len(ids) - 1  # the last token is predicted and need not be read
    return PromptText(
        inputs={name: values[:last] for name, values in inputs.items()},
        prompt=len(start),
        places=list(range(len(start) - 1, last)),
        columns=[column],
        tokens=[ids[len(start) :]],
    )


def prompt_tokens(model: Model, prompt: str) -> Sequence[Token]:
    """The tokens of a prompt; where a word is to follow, without the end mark that some tokenizers add."""
    reading = read(model, prompt.rstrip(), write=False)
    return reading.source.tokens if model.masked else reading.source.tokens[: reading.end]


def _read_words(model: Model, text: str) -> tuple[list[int], dict[str, list[int]]]:
    """Ids and inputs of a text, without the end mark."""
    reading = read(model, text, write=False)
    return [token.id for token in reading.source.tokens[: reading.end]], {
        name: values[: reading.end] for name, values in reading.source.inputs.items()
    }


def _filled(model: Model, prompt: str, continuation: str, column: int) -> PromptText:
    """A model that fills gaps is asked for the word at [MASK]."""
    _check_continuation(continuation)
    mask, unknown = model.mask_token, model.unknown_id
    blank = _blank(model, prompt)
    source = read(model, prompt).source
    whole = read(model, prompt.replace(mask, continuation.strip())).source
    place, before = blank.places[0], [token.id for token in source.tokens]
    ids = [token.id for token in whole.tokens]
    alike = len(ids) == len(before) and ids[:place] + ids[place + 1 :] == before[:place] + before[place + 1 :]
    if not alike or ids[place] in (unknown, before[place]):
        raise AttnlitError(
            f"{quoted(continuation)} is not a single token of {model.name}, and one {mask} holds one token. "
            "Choose a shorter or more common word."
        )
    return replace(blank, columns=[column], tokens=[[ids[place]]])


def _check_continuation(continuation: str) -> None:
    check_text(continuation, "continuation")
    if not continuation.strip():
        raise AttnlitError("A continuation is empty. Type how the sentence could go on, such as “answered”.")


def check_prompts(model: Model, first: str, second: str) -> None:
    """Raises AttnlitError for prompts whose attention cannot be exchanged."""
    one, other = (prompt_tokens(model, text) for text in (first, second))
    check_comparable(model.name, first, one, second, other)


def swapped_tokens(first: Attention, second: Attention) -> list[int]:
    """The places of the tokens that differ. Raises AttnlitError as `check_comparable`."""
    check_comparable(first.model, first.text, first.queries, second.text, second.queries)
    return [
        place
        for place, (one, other) in enumerate(zip(first.queries, second.queries, strict=True))
        if one.id != other.id
    ]


def check_comparable(
    model: str, first: str, tokens: Sequence[Token], second: str, others: Sequence[Token]
) -> None:
    """Raises AttnlitError for texts of unequal numbers of tokens, and for two that the model reads alike."""
    if len(tokens) != len(others):
        raise AttnlitError(
            f"For {model} {quoted(first)} has {len(tokens)} tokens and {quoted(second)} {len(others)}. "
            "Attention can be compared only between prompts with the same number of tokens: swap a word for "
            "one with as many pieces, such as “she” for “he”."
        )
    if first.split() == second.split():
        raise AttnlitError("The two prompts are the same. Change one word in the second, such as she to he.")
    if [token.id for token in tokens] == [token.id for token in others]:
        raise AttnlitError(
            f"For {model} the two prompts are the same: it does not know the word that differs, or "
            "ignores how it is written. Swap a more common word, such as “she” for “he”."
        )
