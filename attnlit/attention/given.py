"""What a caller hands in, checked where it enters: a model, texts, a number, a choice, tokens and heads.

Each function raises AttnlitError with a sentence that says what to hand in instead.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Any

import numpy as np

from attnlit.errors import AttnlitError
from attnlit.models.layers import is_whole
from attnlit.models.model import Model
from attnlit.wording import a_kind, counted, one_line, quoted

# Texts to read one by one: each a string, or a string and the second sentence that follows it.
Texts = Iterable[str | tuple[str, str | None]]
_LONGEST = 40  # characters of a wrong number that are repeated


def check_opened(model: Any) -> None:
    """Refuses what `attnlit.load` did not open: a name, or a module of transformers."""
    if isinstance(model, Model):
        return
    if isinstance(model, str):
        raise AttnlitError(f"{quoted(model)} is a name, not a model. attnlit.load opens it and returns one.")
    raise AttnlitError(f"This takes a model that attnlit.load has opened, not {a_kind(model)}.")


def check_text(text: Any, name: str) -> None:
    """Refuses anything but a string. name: what the text is, such as "prompt"."""
    if not isinstance(text, str):
        raise AttnlitError(f"The {name} must be one string, but this is {a_kind(text)}.")


def checked_number(number: Any, name: str, least: int, most: int | None = None) -> int:
    """A whole number from `least` to `most`, if there is one. name: of the argument, such as "max_tokens"."""
    if not is_whole(number):
        raise AttnlitError(f"{name} must be a whole number, but this is {a_kind(number)}.")
    if number < least:
        raise AttnlitError(f"{name} must be {least} or more, not {number}.")
    if most is not None and number > most:
        raise AttnlitError(f"{name} must be {most:,} at most, not {number:,}.")
    return int(number)


def checked_switch(switch: Any, name: str) -> bool:
    """True or False. name: of the argument, such as "residual"; a text such as "no" would count as True."""
    if not isinstance(switch, bool | np.bool_):
        raise AttnlitError(f"{name} is True or False, but this is {a_kind(switch)}.")
    return bool(switch)


def check_function(function: Any, name: str) -> None:
    """Refuses what cannot be called; None stands for no function. name: of the argument: "progress"."""
    if function is not None and not callable(function):
        raise AttnlitError(f"{name} must be a function, but this is {a_kind(function)}.")


def as_list(things: Any) -> list[Any] | None:
    """The things of a list, an array, a generator; None for what holds none, such as a number or a string."""
    if isinstance(things, str | bytes):
        return None
    try:
        return list(things)
    except TypeError:  # also of an array that is one number, though it is an Iterable
        return None


def is_one_of(chosen: Any, choices: Container[str]) -> bool:
    """Whether somebody chose what there is; a number, a list or an array is no choice."""
    return isinstance(chosen, str) and chosen in choices


def checked_token(token: Any, count: int, whose: str = "This text") -> int:
    """The place of one of `count` tokens."""
    return _checked(token, count, "token", whose)


def checked_head(head: Any, count: int, whose: str) -> int:
    """The number of one of `count` heads."""
    return _checked(head, count, "head", whose)


def checked_pairs(heads: Any) -> list[tuple[int, int]]:
    """(layer, head) pairs, each once; whether a model has them is checked where its layers are known."""
    found: dict[tuple[int, int], None] = {}
    pairs = as_list(heads)
    for pair in [None] if pairs is None else pairs:
        numbers = as_list(pair) or []
        if len(numbers) != 2 or not all(map(is_whole, numbers)):
            raise AttnlitError("Give heads as pairs of a layer and a head, such as [(4, 3), (5, 0)].")
        found[int(numbers[0]), int(numbers[1])] = None
    return [*found]


def _checked(number: Any, count: int, what: str, whose: str) -> int:
    if is_whole(number) and 0 <= number < count:
        return int(number)
    raise AttnlitError(
        f"{whose} has {counted(count, what)}, counted from 0: there is no {what} "
        f"{one_line(str(number), _LONGEST)}."
    )


def as_texts(texts: Texts) -> list[tuple[str, str | None]]:
    """Texts as pairs of a text and its second sentence, or None."""
    if hasattr(texts, "columns"):
        raise AttnlitError("Give one column of the table: its texts.")
    found = None if isinstance(texts, Mapping) else as_list(texts)
    if found is None:
        raise AttnlitError(f"Give the texts as a list of strings. This is {a_kind(texts)}.")
    return [_as_text(each) for each in found]


def _as_text(text: Any) -> tuple[str, str | None]:
    if isinstance(text, str):
        return text, None
    if isinstance(text, tuple | list) and len(text) == 2:
        first, second = text
        if isinstance(first, str) and (second is None or isinstance(second, str)):
            return first, second
    raise AttnlitError(f"Each text must be a string, or a pair of strings. One is {a_kind(text)}.")
