"""What a click in the head view means: from what the front end hands back to heads and a token.

The picture says what was clicked and how it stood then; the caller keeps heads and pin, and draws the next
picture from them. Give `before`, what was handed back at the last click: the front end repeats old clicks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from attnlit.charts.pinned import SIDES, PinnedToken, Selection, news

SELECTIONS = ("pin", "more", "heads", "solo")  # for `st.altair_chart(..., selection_mode=...)`


@dataclass(frozen=True)
class ChosenHeads:
    """The heads of a layer that are switched on: in order, and never none."""

    heads: tuple[int, ...]

    @classmethod
    def from_selection(
        cls, selection: Selection, now: Sequence[int], of: int, before: Selection = None
    ) -> ChosenHeads:
        """The heads after a click on a switch; `now` are those before it, `of` is how many the layer has.

        The picture says what is to be on: a click has switched a head off or on, a double click has left one
        alone, or brought all back.
        """
        clicked = last_click(selection)
        on = clicked.partition(" ")[0]
        if clicked == last_click(before) or len(on) != of:
            return cls(tuple(now))
        return cls(tuple(head for head, state in enumerate(on) if state == "1") or tuple(now))


def token_more(selection: Selection, before: Selection = None) -> PinnedToken | None:
    """The token that was clicked with the Shift key, to be taken together with others; None if none was."""
    clicked = news(selection, before, "more")
    if clicked is None or clicked["side"] not in SIDES:
        return None
    return PinnedToken(clicked["side"], int(clicked["index"]))


def last_click(selection: Selection) -> str:
    """The last click on a switch: the heads that it asks for, and when it was made; empty if there was none.

    "0110 1764200000000" asks for the heads 1 and 2, at that millisecond of the browser's clock. For
    `head_picture(..., answered=...)`: so the picture knows which click it answers.
    """
    fields = (("solo", "alone"), ("heads", "turned"))  # of two at one time a double click is the later one
    said = [row.get(field) for name, field in fields for row in (selection or {}).get(name) or []]
    return max((click for click in said if isinstance(click, str)), key=_when, default="")


def _when(click: str) -> int:
    time = click.partition(" ")[2]
    return int(time) if time.isascii() and time.isdecimal() and len(time) < 20 else 0
