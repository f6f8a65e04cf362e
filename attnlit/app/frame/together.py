"""Which tokens of the picture count as one: chosen in a list above it, and spelled in the address.

"3-5.8" are the tokens at the positions 3, 4, 5 and 8. Where other tokens look than are looked at, the latter
are spelled "k3".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from attnlit.app.frame import address, chosen

if TYPE_CHECKING:
    from attnlit.app.frame.request import Request
    from attnlit.attention import Attention
    from attnlit.attention.record import Token
    from attnlit.charts.pinned import Side

_KEY = "together_tokens"
_LONGEST = 2000  # characters of a spelling: a link may hold anything
_PART = re.compile(r"(k?)(\d{1,4})(?:-(\d{1,4}))?")


@dataclass(frozen=True)
class _Choices:
    """The tokens that can be chosen: positions, spelled with "k" where they are looked at only."""

    tokens: dict[str, Token]
    # Whether those that look and those that are looked at are different ones.
    apart: bool

    def __contains__(self, spelled: object) -> bool:
        return isinstance(spelled, str) and self.of(spelled) != []

    def of(self, spelled: str) -> list[str]:
        """The tokens that are spelled, in order, without those that a filter has taken away."""
        found = _parsed(spelled, max(int(name.lstrip("k")) for name in self.tokens))
        return [name for name in self.tokens if name in found]

    def sides(self, names: Iterable[str]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Positions of the queries and of the keys."""
        looking = tuple(int(name) for name in names if name[0] != "k")
        return looking, tuple(int(name[1:]) for name in names if name[0] == "k") if self.apart else looking


@dataclass(frozen=True)
class Together:
    """What is chosen."""

    choices: _Choices
    names: list[str]

    @property
    def sides(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Positions of the queries, and of the keys, that count as one."""
        return self.choices.sides(self.names)

    def draw(self) -> None:
        """Draw the choice."""
        choices = self.choices
        st.session_state[_KEY] = self.names
        st.multiselect(
            "Take together",
            [*choices.tokens],
            format_func=lambda name: f"{choices.tokens[name].text}  ·  {name}",
            key=_KEY,
            on_change=lambda: _choose(choices, st.session_state[_KEY]),
            placeholder="Several tokens",
            help="They count as one token: weights to them are added up, weights from them averaged. Lengths "
            "of what is passed on are added up, too: what they bring together may be shorter.",
            width=170,
        )
        between = _filled(choices, self.names)
        if len(self.names) > 1 and between != self.names:
            st.button("… and all between", on_click=_choose, args=(choices, between), type="tertiary")


def settle(shown: Attention) -> Together:
    """What the address says of it, or a click has chosen, among the tokens that are shown."""
    choices = _choices(shown)
    spelled = address.settled("together", choices, "none of these tokens is shown here")
    return Together(choices, choices.of(spelled) if spelled else [])


def take_one_more(request: Request, side: Side, index: int) -> None:
    """Take this token of the picture together with those that are, or with the pinned one. For callbacks.

    The one token that stands for several lets go of them.
    """
    choices = _choices(request.attention)

    def name(side: Side, index: int) -> str:
        tokens = request.shown.queries if side == "query" else request.shown.keys
        return f"{'k' if choices.apart and side == 'key' else ''}{tokens[index].position}"

    queries, keys = request.filters.together
    taken = [*map(str, queries), *(f"k{position}" for position in keys if choices.apart)]
    clicked = name(side, index)
    if clicked in taken and len(taken) > 1:
        _choose(choices, [])
        return
    pinned = [name(*request.pinned)] if request.pinned and not taken else []
    _choose(choices, [*taken, *pinned, clicked])


def _choose(choices: _Choices, names: Sequence[str]) -> None:
    """Take these together, and look at what they look at. For callbacks."""
    names = [name for name in choices.tokens if name in names]
    address.choose("together", _spelled(names) or None)
    looking, _ = choices.sides(names)
    if looking:
        gap = len(looking) != looking[-1] - looking[0] + 1
        chosen.choose_query(looking[-1] if gap else looking[0])


def _choices(shown: Attention) -> _Choices:
    queries = {str(token.position): token for token in shown.queries}
    keys = {token.position: token for token in shown.keys}
    if shown.kind == "cross":
        return _Choices(queries | {f"k{position}": token for position, token in keys.items()}, apart=True)
    merged = {**{token.position: token for token in shown.queries}, **keys}
    return _Choices({str(position): merged[position] for position in sorted(merged)}, apart=False)


def _parsed(spelled: str, last_position: int) -> set[str]:
    """The names of the tokens; nothing where this is no spelling of any."""
    names: set[str] = set()
    if len(spelled) > _LONGEST:
        return names
    for part in spelled.split("."):
        found = _PART.fullmatch(part)
        if found is None:
            return set()
        mark, first, last = found.groups()
        names |= {
            f"{mark}{position}" for position in range(int(first), min(int(last or first), last_position) + 1)
        }
    return names


def _spelled(names: Sequence[str]) -> str:
    runs: list[list[str]] = []
    for name in names:
        if runs and _next(runs[-1][-1]) == name:
            runs[-1].append(name)
        else:
            runs.append([name])
    return ".".join(run[0] if len(run) == 1 else f"{run[0]}-{run[-1].lstrip('k')}" for run in runs)


def _next(name: str) -> str:
    return f"k{int(name[1:]) + 1}" if name[0] == "k" else str(int(name) + 1)


def _filled(choices: _Choices, names: Sequence[str]) -> list[str]:
    """These tokens and all between the first and the last, on each side."""
    order = [*choices.tokens]
    filled: list[str] = []
    for key in (False, True):
        places = [order.index(name) for name in names if (name[0] == "k") == key]
        if places:
            filled += order[min(places) : max(places) + 1]
    return filled
