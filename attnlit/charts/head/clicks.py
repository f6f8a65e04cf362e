"""What a click in the head view means: from what the front end hands back to heads and a token.

The picture says what was clicked and how it stood then; the caller keeps heads and pin, and draws the next
picture from them. Give `before`, what was handed back at the last click: the front end repeats old clicks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Side = Literal["query", "key"]
Selection = Mapping[str, Any] | None  # `event.selection`: the rows of each named selection
SELECTIONS = ("pin", "heads", "solo")  # for `st.altair_chart(..., selection_mode=...)`


@dataclass(frozen=True)
class PinnedToken:
    """The token whose lines stay: on the left (a query) or on the right (a key)."""

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
        clicked = _news(selection, before, "pin")
        if clicked is None:
            return now
        if clicked.get("held") or clicked["side"] not in ("query", "key"):
            return None
        return cls(clicked["side"], int(clicked["index"]))


@dataclass(frozen=True)
class ChosenHeads:
    """The heads of a layer that are switched on: in order, and never none."""

    heads: tuple[int, ...]

    @classmethod
    def from_selection(
        cls, selection: Selection, now: Sequence[int], of: int, before: Selection = None
    ) -> ChosenHeads:
        """The heads after a click on a switch; `now` are those before it, `of` is how many there are.

        A click switches a head off or on; the last one stays on. A double click leaves one head alone; on a
        head that is alone it brings all back.
        """
        solo = _news(selection, before, "solo")
        if solo is not None:
            alone = bool(solo.get("alone")) or tuple(now) == (solo["head"],)
            return cls(tuple(range(of)) if alone else (int(solo["head"]),))
        clicked = _news(selection, before, "heads")
        if clicked is None:
            return cls(tuple(now))
        left = {*now} - {clicked["head"]} if clicked.get("on") else {*now, clicked["head"]}
        return cls(tuple(sorted(int(head) for head in left)) or tuple(now))


def _news(selection: Selection, before: Selection, name: str) -> Mapping[str, Any] | None:
    """The row that a selection names now and did not name before, or None."""
    rows = list((selection or {}).get(name) or [])
    return rows[0] if rows and rows != list((before or {}).get(name) or []) else None
