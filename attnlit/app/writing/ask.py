"""Which word is asked for, and which number of a head the map shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from attnlit.app.frame import address
from attnlit.app.frame.controls import one_of, typed

if TYPE_CHECKING:
    from attnlit.app.frame.request import Request

ENCODER = "encoder"  # its heads write into states of the text, none of which a word is read from
WRITTEN, LOST = SHOWS = ("Written directly", "Lost when off")
MOST_CHARACTERS = 60  # of a word
# What a visitor types, by its name in a link with text: label, what an empty field shows, help.
_FIELDS = {
    "asked": ("Word", "the likeliest", "One token of the model's vocabulary, such as mat."),
    "against": (
        "Compared with",
        "the mean of all words",
        "A second word, to see what decides between the two.",
    ),
}


@dataclass(frozen=True)
class Asked:
    """The words as they were typed; None where nothing was."""

    word: str | None
    against: str | None

    @property
    def own(self) -> dict[str, str]:
        """What was typed, by the names that a link gives it."""
        said = {"asked": self.word, "against": self.against}
        return {name: value for name, value in said.items() if value is not None}


def words() -> Asked:
    """Draw the two fields."""
    found = address.linked(_FIELDS)
    if found:
        st.session_state.update({f"writing_{name}": found.get(name, "") for name in _FIELDS})
    given = {}
    with st.container(horizontal=True):
        for name, (label, empty, about) in _FIELDS.items():
            given[name] = typed(
                st.text_input, label, "", f"writing_{name}", MOST_CHARACTERS,
                placeholder=empty, help=about, on_change=_forget_link, width=240,
            )  # fmt: skip
    return Asked(*(given[name] if given[name].strip() else None for name in _FIELDS))


def place(request: Request) -> int | None:
    """Which token the word is predicted after, or in place of; None is the end of the target.

    It is the query, or a masked model's first [MASK] where no token was chosen.
    """
    if request.kind == ENCODER:
        return None
    queries, mask = request.attention.queries, request.model.mask_id
    if request.model.masked and not address.names("query"):
        gap = next((index for index, token in enumerate(queries) if token.id == mask), None)
        return request.query if gap is None else gap
    return request.query


def shows() -> str:
    """Draw the choice of the map's number."""
    return one_of(st.segmented_control, "A head's number", SHOWS, "shows", label_visibility="collapsed")


def _forget_link() -> None:
    """After another word was sent the address does not keep the old one."""
    address.leave(_FIELDS)
