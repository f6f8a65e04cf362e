"""What a model says, and the attention with which it said it.

The answer is written word by word; then one pass over prompt and answer is recorded. A causal model's row for
a token is the same in that pass as in the step in which the token was the last one, so the record is what a
recorder of every step would have seen, without a cache of keys and values to follow.

The word at position p was written by the row of position p - 1: no token has seen itself before it was there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from attnlit.attention.capture import attend_reading, checked_kind
from attnlit.attention.chat import Message, conversation
from attnlit.attention.generate import write
from attnlit.attention.given import check_function, check_opened, checked_number
from attnlit.attention.numbers import to_numpy
from attnlit.attention.reading import Reading, read_answer, read_prompt, token_limit
from attnlit.attention.record import Attention
from attnlit.attention.spans import PROMPT, Part, Span, begins_thinking, spans_of, thought_and_said
from attnlit.attention.tokens import text_written, tokenizing
from attnlit.attention.vocabulary import vocabulary_texts
from attnlit.errors import AttnlitError
from attnlit.wording import quoted

if TYPE_CHECKING:
    import torch

    from attnlit.models.model import Model

USUAL_TOKENS = 60  # of an answer, if nobody says how many
LIKELY = 5  # words that are named for each place of an answer
MOST_TEMPERATURE = 10.0


@dataclass(frozen=True)
class Written:
    """One token of an answer: how sure the model was of it, and what it might have written."""

    # Of the token in its sequence.
    position: int
    # The model's own, whatever the temperature with which the word was drawn.
    probability: float
    # The likeliest words there, the likeliest first, with their probabilities.
    likely: tuple[tuple[str, float], ...]


@dataclass(frozen=True, eq=False)
class Asked:
    """A prompt, or a conversation, as a model reads it, and who said what in it."""

    reading: Reading
    parts: tuple[Part, ...]
    turns: int

    @property
    def tokens(self) -> int:
        """How many of the tokens that the model takes in one sequence are used up."""
        return len((self.reading.target or self.reading.source).tokens)


@dataclass(frozen=True, eq=False, repr=False)
class Answer(Attention):
    """The attention of a prompt and of the answer that a model gave to it.

    Its text is the prompt, as the model read it, and `pair` what the model said.
    """

    # Who said which of the tokens that are looked at (the keys).
    spans: tuple[Span, ...] = ()
    # The tokens of the answer, which are among those that look (the queries).
    written: tuple[Written, ...] = ()
    # What the pass read, to be read again: see `attnlit.passed_on`.
    reading: Reading | None = None


def answer(
    model: Model,
    prompt: str | None = None,
    *,
    messages: Sequence[Message] | None = None,
    max_tokens: int = USUAL_TOKENS,
    seed: int = 0,
    temperature: float = 0.0,
    kind: str | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Answer:
    """What a model says to a prompt or in a conversation, and the attention with which it said it.

    prompt: a text that the model goes on with; of an encoder-decoder the text that it answers or translates.
    messages: instead of a prompt, for a chat model: a list of `{"role": "user", "content": "Hi"}` with the
    roles system, user and assistant; the last message is the user's.
    max_tokens: the answer's length, if the model does not end it sooner.
    temperature: 0 takes the most likely word at each place; above 0 words are drawn at random, at 1 with the
    model's own probabilities. seed: of the random draws; the same seed gives the same answer.
    kind: of attention; None is cross-attention if the model has it. cancelled: called after each word; True
    stops.

    Returns a record as `attnlit.attend` does, of prompt and answer together, float32 (L, H, Q, K), with
    `spans` (who said what), and `written`: for each token of the answer its probability and what else was
    likely. `pair` is the answer's text. `attnlit.passed_on(model, record)` measures what each brings.
    Raises AttnlitError for a model that writes no text, and for a prompt that is empty or too long.
    """
    check_function(cancelled, "cancelled")
    asked = ask(model, prompt, messages)
    kind = ("cross" if "cross" in model.kinds else None) if kind is None else kind
    kind = checked_kind(model, kind)
    ids: list[int] = []
    words = say(model, asked, max_tokens=max_tokens, seed=seed, temperature=temperature)
    for word in words:
        ids.append(word)
        if cancelled is not None and cancelled():
            break
    return record(model, asked, ids)[kind]


def ask(model: Model, prompt: str | None = None, messages: Sequence[Message] | None = None) -> Asked:
    """A prompt or a conversation as the model reads it. Raises AttnlitError for what it cannot answer."""
    check_writes(model)
    if (prompt is None) == (messages is None):
        raise AttnlitError("Give either a prompt or messages.")
    if prompt is not None:
        reading = read_prompt(model, prompt)
        return Asked(reading, (Part(PROMPT, 0, 0, len(reading.text)),), 1)
    said = () if messages is None else messages
    rendered = conversation(model, said)
    return Asked(read_prompt(model, rendered.text, rendered=True), rendered.parts, len(said))


def check_writes(model: Model) -> None:
    """Raises AttnlitError for a model that writes no text, with what it does instead."""
    check_opened(model)
    if model.masked:
        raise AttnlitError(
            f"{model.name} does not write text: it fills gaps, looking both ways. Put {model.mask_token} "
            "into a sentence in one of the views to see its guess, or choose a model that writes, such as "
            "“mini-gpt2”."
        )
    if not model.predicts or not (model.causal or model.pairs == "target"):
        raise AttnlitError(
            f"{model.name} has no trained head that writes words. Choose a model that writes, such as "
            "“mini-gpt2”."
        )


def say(
    model: Model,
    asked: Asked,
    *,
    max_tokens: int = USUAL_TOKENS,
    seed: int = 0,
    temperature: float = 0.0,
    already: Sequence[int] = (),
) -> Iterator[int]:
    """The tokens of the answer, one by one. already: those that were written before a stop.

    Nothing is held between two words. Raises AttnlitError, before the first, where there is no room.
    """
    if not isinstance(temperature, int | float) or not 0 <= temperature <= MOST_TEMPERATURE:
        raise AttnlitError(
            f"The temperature is a number from 0 to {MOST_TEMPERATURE:g}, not {quoted(str(temperature))}."
        )
    max_tokens, seed = checked_number(max_tokens, "max_tokens", 1), checked_number(seed, "seed", 0)
    limit = token_limit(model)
    room = min(max_tokens, limit - asked.tokens)
    if room < 1:
        raise AttnlitError(
            f"The prompt fills all {limit:,} tokens that {model.name} takes here, and leaves no room for an "
            "answer. Shorten it."
        )
    reading = asked.reading
    start = None if reading.target is None else reading.target.tokens[0].id
    end = model.tokenizer.eos_token_id
    words = write(
        model,
        reading.source.inputs,
        start,
        temperature=temperature,
        seed=seed,
        already=already,
        ends=() if end is None else (end,),
    )
    return islice(words, max(0, room - len(already)))


def said(model: Model, asked: Asked, ids: Sequence[int]) -> str:
    """The text of an answer, or of what there is of it."""
    reading = asked.reading
    return text_written(model.tokenizer, ids, reading.source if reading.target is None else None)


def record(model: Model, asked: Asked, ids: Sequence[int]) -> dict[str, Answer]:
    """The attention of a prompt and its answer, by kind, from one forward pass. ids: the answer's tokens."""
    reading = read_answer(model, asked.reading, ids)
    encoder_decoder = reading.target is not None
    looking = reading.asked
    places = range(len(looking.tokens) - len(ids), len(looking.tokens))
    asking = [place - 1 for place in places]  # the rows that wrote them
    records, outputs = attend_reading(model, reading, places=asking or [0])
    logits = outputs.logits[0] if outputs.logits.shape[1] == len(asking) else outputs.logits[0, asking]
    written = _written(model, logits, [looking.tokens[place].id for place in places], places)
    spans = _spans(asked, reading)
    return {
        kind: Answer(
            **vars(each),
            spans=spans["target" if kind == "decoder" else "source"],
            written=() if kind == "encoder" and encoder_decoder else written,
            reading=reading,
        )
        for kind, each in records.items()
    }


def _spans(asked: Asked, reading: Reading) -> dict[str, tuple[Span, ...]]:
    """Who said what, of the text that the model reads and of a target that it writes."""
    thinks = begins_thinking(reading.text)
    parts = thought_and_said(reading.pair or "", asked.turns, thinks=thinks)
    spans = {"source": spans_of(reading.source.tokens, asked.parts, parts, asked.turns)}
    if reading.target is not None:
        answered = [replace(token, segment=1) for token in reading.target.tokens]
        spans["target"] = spans_of(answered, (), parts, asked.turns)
    return spans


def _written(
    model: Model, logits: torch.Tensor, ids: Sequence[int], places: Sequence[int]
) -> tuple[Written, ...]:
    """How likely the tokens at these places were. logits: (T, words), of the rows that wrote the T tokens."""
    found: list[tuple[float, np.ndarray, np.ndarray]] = []
    for id_, row in zip(ids, logits, strict=True):  # all at once would take much memory
        scores = to_numpy(row).astype(np.float64)
        chances = np.exp(scores - np.max(scores))
        chances /= chances.sum()
        best = np.argsort(-chances, kind="stable")[:LIKELY]
        found.append((float(chances[id_]), best, chances[best]))
    with tokenizing(model.tokenizer):
        texts = [vocabulary_texts(model.tokenizer, best) for _, best, _ in found]
    return tuple(
        Written(place, probability, tuple(zip(words, (float(each) for each in chances), strict=True)))
        for place, (probability, _, chances), words in zip(places, found, texts, strict=True)
    )


def row_of(word: Written, *, once_read: bool = False) -> int:
    """The position whose row tells what was looked at: when the word was written, or once it was read."""
    return word.position if once_read else word.position - 1
