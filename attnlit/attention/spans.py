"""Who said what: the stretches of a conversation, as tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from attnlit.attention.record import Token

SYSTEM, USER, ASSISTANT, THINKING = "system", "user", "assistant", "thinking"
TEMPLATE = "template"  # what a chat template or a tokenizer puts around the words
PROMPT, ANSWER = "prompt", "answer"
ROLES = (SYSTEM, USER, ASSISTANT, THINKING, PROMPT, TEMPLATE, ANSWER)
_NO_TURN = -1
OPENS, CLOSES = "<think>", "</think>"  # what models write around their thinking


@dataclass(frozen=True)
class Part:
    """A stretch of a text, from its first character to the one after the last."""

    role: str
    # The message, counted from 0.
    turn: int
    start: int
    end: int


@dataclass(frozen=True)
class Span:
    """A stretch of tokens, from the position of the first to the one after the last."""

    # One of `ROLES`.
    role: str
    # The message that it belongs to, counted from 0; -1 for what belongs to none.
    turn: int
    start: int
    end: int

    def __contains__(self, position: object) -> bool:
        return isinstance(position, int) and self.start <= position < self.end


def spans_of(
    tokens: Sequence[Token], parts: Sequence[Part], answer: Sequence[Part] = (), turn: int = 0
) -> tuple[Span, ...]:
    """The spans of a text's tokens, of which those of segment 1 are an answer. They cover all tokens.

    A token on the border of two parts belongs to the one of which it has more characters; one that covers
    none belongs to where its neighbours do, and else to the template; in an answer, to what came before.
    turn: the answer's number among the messages.
    """
    owners: list[tuple[str, int] | None] = []
    for token in tokens:
        known = answer if token.segment == 1 else parts
        owners.append(None if token.span is None else _owner(token, known))
    found: list[tuple[str, int]] = []
    for place, token in enumerate(tokens):
        owner = owners[place]
        if owner is None and token.segment == 1 and not token.special:
            goes_on = place > 0 and tokens[place - 1].segment == 1
            owner = found[-1] if goes_on else (answer[0].role if answer else ANSWER, turn)
        elif owner is None:
            before = next((each for each in reversed(owners[:place]) if each is not None), None)
            after = next((each for each in owners[place + 1 :] if each is not None), None)
            owner = before if before == after else None
        found.append((TEMPLATE, _NO_TURN) if owner is None else owner)
    spans, start = [], 0
    for (role, of), run in groupby(found):
        end = start + len(list(run))
        spans.append(Span(role, of, tokens[start].position, tokens[end - 1].position + 1))
        start = end
    return tuple(spans)


def _owner(token: Token, parts: Sequence[Part]) -> tuple[str, int]:
    """(role, turn) of the part that holds most of a token's characters."""
    assert token.span is not None
    start, end = token.span
    most, owner = 0, (TEMPLATE, _NO_TURN)
    for part in parts:
        shared = min(end, part.end) - max(start, part.start)
        if shared > most:
            most, owner = shared, (part.role, part.turn)
    return owner


def thought_and_said(text: str, turn: int, *, thinks: bool = False, role: str = ANSWER) -> tuple[Part, ...]:
    """The parts of what an assistant wrote: its thinking, with the marks around it, and its answer.

    thinks: the template has opened the thinking before the first word.
    """
    parts, start = [], 0
    while start < len(text):
        mark = CLOSES if thinks else OPENS
        found = text.find(mark, start)
        end = len(text) if found < 0 else found + len(mark) * thinks
        if end > start:
            parts.append(Part(THINKING if thinks else role, turn, start, end))
        start, thinks = end, not thinks
    return tuple(parts)


def begins_thinking(prompt: str) -> bool:
    """Whether a text ends inside a stretch of thinking."""
    return prompt.rfind(OPENS) > prompt.rfind(CLOSES)


def named_spans(spans: Sequence[Span]) -> list[str]:
    """What each span is called: its role, with a number where there are several messages of that role."""
    turns = {role: sorted({span.turn for span in spans if span.role == role}) for role in ROLES}
    return [
        f"{span.role} {turns[span.role].index(span.turn) + 1}" if len(turns[span.role]) > 1 else span.role
        for span in spans
    ]
