"""The token that is pinned in a picture, and what a click makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from attnlit.attention.given import checked_token, is_one_of
from attnlit.errors import AttnlitError

if TYPE_CHECKING:
    from attnlit.attention import Attention

Side = Literal["query", "key"]
SIDES = get_args(Side)
Selection = Mapping[str, Any] | None  # `event.selection`: the rows of each named selection


@dataclass(frozen=True)
class PinnedToken:
    """The token whose weights stay: one that looks (a query), or one that is looked at (a key)."""

    side: Side
    # Its index in `attention.queries` or `attention.keys`.
    index: int

    @classmethod
    def from_selection(
        cls, selection: Selection, now: PinnedToken | None = None, before: Selection = None
    ) -> PinnedToken | None:
        """The pinned token after a click; `now` is the one before it.

        A click on the pinned token, or beside all tokens, lets go.
        """
        clicked = news(selection, before, "pin")
        if clicked is None:
            return now
        if clicked.get("held") or clicked["side"] not in SIDES:
            return None
        return cls(clicked["side"], int(clicked["index"]))


Pin = PinnedToken | tuple[Side, int]


def checked_pin(attention: Attention, pinned: Pin | None) -> PinnedToken | None:
    """What somebody names as the pinned token. Raises AttnlitError where it is none of the record's."""
    if pinned is None or isinstance(pinned, PinnedToken):
        return pinned
    if not isinstance(pinned, tuple | list) or len(pinned) != 2 or not is_one_of(pinned[0], SIDES):
        raise AttnlitError("Name the pinned token by its side and its number, such as (“query”, 3).")
    tokens = attention.queries if pinned[0] == "query" else attention.keys
    return PinnedToken(pinned[0], checked_token(pinned[1], len(tokens)))


def news(selection: Selection, before: Selection, name: str) -> Mapping[str, Any] | None:
    """The row that a selection names now and did not name before, or None."""
    rows = list((selection or {}).get(name) or [])
    return rows[0] if rows and rows != list((before or {}).get(name) or []) else None
