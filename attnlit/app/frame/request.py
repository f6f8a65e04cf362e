"""What a page is asked to show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from attnlit.app.frame import opening

if TYPE_CHECKING:
    from attnlit.app.cache import Filters
    from attnlit.app.frame.opening import Known
    from attnlit.attention import Attention
    from attnlit.charts.pinned import Side
    from attnlit.charts.theme import Theme
    from attnlit.models.model import Model


@dataclass(frozen=True)
class Choice:
    """What a page needs that brings its own texts."""

    # The model, or what was recorded of it: all that is said of it comes from here.
    known: Known
    # One of `model.kinds`.
    kind: str
    layer: int
    head: int
    theme: Theme

    @property
    def model(self) -> Model:
        """The model itself, for what has to run it. Where the page was drawn from a record, it opens now."""
        return opening.opened(self.known)


@dataclass(frozen=True)
class Request(Choice):
    """Everything that a page needs to draw the visitor's text."""

    # Of the whole text.
    attention: Attention
    # What the filters leave of it.
    shown: Attention
    # Never empty; `head` is the first of them.
    heads: tuple[int, ...]
    # Index of the query token among the shown ones.
    query: int
    # The token whose lines stay: "query" or "key", and its index among the shown ones.
    pinned: tuple[Side, int] | None
    # What was taken away for `shown`.
    filters: Filters
