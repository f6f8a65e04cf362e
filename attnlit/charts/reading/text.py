"""The text of a record as it is drawn: its tokens, who said them, which can be chosen, how wide they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from attnlit.attention.answers import Answer, row_of
from attnlit.attention.record import check_record
from attnlit.attention.spans import ANSWER, TEMPLATE
from attnlit.charts.reading.layout import FONT_SIZE, PAD, Box, direction_of, is_square
from attnlit.charts.text_width import text_width
from attnlit.errors import AttnlitError

if TYPE_CHECKING:
    from attnlit.attention import Attention
    from attnlit.attention.record import Token


@dataclass(frozen=True, eq=False)
class Text:
    """What is drawn: a running text, of which some words can be chosen."""

    tokens: tuple[Token, ...]
    # Of each token its key, and its row if it can be chosen; -1 for none.
    keys: tuple[int, ...]
    choices: tuple[int, ...]
    roles: tuple[str, ...]
    # Of each choice the query whose row is shown, and the word itself, among the tokens.
    rows: tuple[int, ...]
    words: tuple[int, ...]


def text_of(attention: Attention, *, once_read: bool) -> Text:
    """The text of a record. Of an answer its own words can be chosen, of anything else every query."""
    check_record(attention)
    answer = attention if isinstance(attention, Answer) else None
    if answer is not None and not (answer.written and answer.whole):
        raise AttnlitError(
            "The reading view of an answer needs the whole record, and an answer in it whose words look at "
            "something. For an encoder-decoder, use decoder or cross-attention."
        )
    apart = attention.queries != attention.keys  # cross-attention, or one sentence looking at another
    tokens = (*attention.keys, *(attention.queries if apart else ()))
    keys = (*range(len(attention.keys)), *(-1 for _ in attention.queries if apart))
    first = len(attention.keys) if apart else 0
    if answer is None:
        rows = words = [*range(len(attention.queries))]
    else:
        rows = [row_of(word, once_read=once_read) for word in answer.written]
        words = [word.position for word in answer.written]
    words = [first + word for word in words]
    number = {word: choice for choice, word in enumerate(words)}
    choices = tuple(number.get(place, -1) for place in range(len(tokens)))
    return Text(tokens, keys, choices, _roles(attention, tokens), tuple(rows), tuple(words))


def _roles(attention: Attention, tokens: Sequence[Token]) -> tuple[str, ...]:
    """Who said each token; nobody in a record that is of no answer."""
    if not isinstance(attention, Answer):
        return tuple("" for _ in tokens)
    spans = attention.spans
    found = [next((span.role for span in spans if key.position in span), "") for key in attention.keys]
    written = {word.position for word in attention.written}
    behind = attention.queries if len(tokens) > len(attention.keys) else ()
    return (*found, *(ANSWER if token.position in written else TEMPLATE for token in behind))


def leftwards(text: Text) -> bool:
    """Whether the text runs from right to left, by what most of its words do."""
    return sum(direction_of(token.text) for token in text.tokens if not token.special) < 0


def boxes_of(text: Text) -> list[Box]:
    """The tokens as boxes to be placed; pieces of one word touch each other."""
    tokens, count = text.tokens, len(text.tokens)
    # Where the second text of two begins.
    second = [place for place in range(1, count) if text.keys[place] < 0 <= text.keys[place - 1]]
    apart = [
        place == 0 or place in second or _apart(tokens[place - 1], tokens[place]) for place in range(count)
    ]
    boxes = []
    for place, token in enumerate(tokens):
        sides = apart[place] + (place + 1 == count or apart[place + 1])
        square = token.text.isalnum() and (
            is_square(token.text) or (place > 0 and is_square(tokens[place - 1].text))
        )
        boxes.append(
            Box(
                width=max(5.0, text_width(token.text, FONT_SIZE)) + sides * PAD,
                apart=apart[place],
                ends_line=token.text == "↵" or place + 1 in second,
                direction=0 if token.special else direction_of(token.text),
                breaks=square,
            )
        )
    return boxes


def _apart(before: Token, token: Token) -> bool:
    """Whether a space stands between two tokens."""
    if token.special or before.special:
        return True
    if token.span is not None and before.span is not None and token.segment == before.segment:
        return token.span[0] > before.span[1]
    return token.raw[:1] in ("▁", "Ġ", " ") or (token.segment != before.segment and not is_square(token.text))
