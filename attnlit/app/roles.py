"""What each head does on this text, in the model view: colours, and the one role whose heads stand out.

The choice is made by a click on the legend or from a list. It stands in the address, and goes when the text
does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from attnlit.analysis.scores import SCORES, main_roles
from attnlit.app import panels
from attnlit.app.frame import address
from attnlit.charts.model import NO_ROLE, Roles
from attnlit.wording import either
from attnlit.words.roles import heads_of_role

if TYPE_CHECKING:
    from attnlit.app.frame.request import Request

KEY = "role"  # in the address, and of the selection in the picture
_LIST = "heads_of_role"  # of the list
_NONE = "none"  # in the address: heads without a role
_BY_TITLE = {score.title: score.name for score in SCORES} | {NO_ROLE: _NONE}


@dataclass(frozen=True)
class Shown:
    """What the model view says of roles."""

    # For the colours; None where this text, or what the lines weigh, tells no roles.
    roles: Roles | None = None
    # Whose heads alone do not fade, as the legend calls it.
    only: str | None = None
    # That in a sentence, and shorter, for the caption of a saved picture.
    said: str = ""
    caption: str = ""


def settle(request: Request) -> Shown:
    """The roles of all heads on the whole text, and which of them is chosen, here or in the address."""
    found = Roles(*main_roles(request.attention))
    titles = _titles(found)
    apart = request.shown.heads == request.attention.heads  # not all heads of a layer in one
    if not apart or [*titles] == [NO_ROLE]:
        return Shown()
    by_name = {_BY_TITLE[title]: title for title in titles}
    name = address.settled(KEY, by_name, f"on this text the choice is {either(by_name)}")
    if name is None:
        return Shown(found)
    only = by_name[name]
    said, caption = (
        heads_of_role(request.attention, found.of, titles[only], brief=each) for each in (False, True)
    )
    return Shown(found, only, said, caption)


def _titles(roles: Roles) -> dict[str, int | None]:
    """Indices of the roles that some head has, by what the legend calls them, in its order."""
    there = {place for row in roles.of for place in row}
    places = {title: place for place, title in enumerate(roles.names)} | {NO_ROLE: None}
    return {title: place for title, place in places.items() if place in there}


def follow(picture: str) -> None:
    """After a click on the legend of this picture: choose that role, or all again. For its `on_select`."""
    for clicked in panels.selection(picture, KEY):
        address.choose(KEY, _BY_TITLE.get(clicked["to"]))


def by_list(told: Shown) -> None:
    """The same choice from a list, for whoever uses no pointer. Nothing where there are no roles."""
    if told.roles is None:
        return
    st.session_state[_LIST] = told.only
    st.selectbox(
        "Heads of one role",
        [*_titles(told.roles)],
        index=None,
        placeholder="All heads",
        key=_LIST,
        on_change=lambda: address.choose(KEY, _BY_TITLE.get(st.session_state[_LIST])),
        width=240,
    )
