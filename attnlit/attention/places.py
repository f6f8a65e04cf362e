"""The numbers of tokens and heads, checked where somebody asks for them, in words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attnlit.errors import AttnlitError
from attnlit.models.layers import is_whole
from attnlit.wording import counted, one_line

_LONGEST = 40  # characters of a wrong number that are repeated


def checked_token(token: Any, count: int, whose: str = "This text") -> int:
    """The place of one of `count` tokens."""
    return _checked(token, count, "token", whose)


def checked_head(head: Any, count: int, whose: str) -> int:
    """The number of one of `count` heads."""
    return _checked(head, count, "head", whose)


def checked_pairs(heads: Any) -> list[tuple[int, int]]:
    """(layer, head) pairs, each once; whether a model has them is checked where its layers are known."""
    found: dict[tuple[int, int], None] = {}
    for pair in heads if isinstance(heads, Iterable) else [None]:
        numbers = tuple(pair) if isinstance(pair, Iterable) else ()
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
