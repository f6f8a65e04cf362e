"""What a visitor has chosen, and how the address carries it.

Model, layer, heads, filter and query stand in the address, so a link restores the picture. The text does not:
it appears there only when the visitor asks for a link with text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import streamlit as st

from attnlit.app import say
from attnlit.app.examples import EXAMPLES, choices
from attnlit.wording import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from attnlit.attention import Attention
    from attnlit.attention.record import Token
    from attnlit.charts.head.clicks import Side
    from attnlit.charts.theme import Theme
    from attnlit.models.model import Model

TEXT = "The cat sat on the mat because it was warm."
PAIR = "The dog lay down on the rug near the cat."
_FILTERS = ("filter", "words", "special", "rescaled")
_SHARED = ("model", "text", "pair", "target", "kind", "layer", "head", "heads", *_FILTERS)
_UNBOUND = ("example", "text", "pair", "target")  # in the address only where a link put them there
_IN_LINKS = (
    "kind",
    *_FILTERS,
    "dimensions",
    "with_first",
    "over",
    "score",
    "way",
    "alone",
)  # widgets' choices
# Keys of the session that belong to no widget:
_LINKED = "followed_link"  # what was last taken from the address, so that typing something else wins over it
_CHOSEN = "chosen_query"  # position of the query token that somebody chose, as the address spells it, or None
_WRITTEN = "query_in_address"  # what we last left there
_PAGE, _ARRIVED, _PINNED_KEY = "page", "arrived", "pinned_key"


@dataclass(frozen=True)
class Choice:
    """What a page needs that brings its own texts."""

    model: Model
    kind: str  # one of model.kinds
    layer: int
    head: int
    theme: Theme


@dataclass(frozen=True)
class Request(Choice):
    """Everything that a page needs to draw the visitor's text."""

    attention: Attention  # of the whole text
    shown: Attention  # what the filters leave of it
    heads: tuple[int, ...]  # never empty: all heads of the layer where none is chosen; `head` is the first
    query: int  # index of the query token among the shown ones


def follow_link() -> None:
    """Take an example of the home page, or a text, from the address: once for every link that is followed."""
    linked = tuple(st.query_params.get(name) for name in _UNBOUND)
    example, *texts = linked
    if st.session_state.get(_LINKED) != linked and (example in EXAMPLES or any(texts)):
        st.session_state[_LINKED] = linked
        _choose_none()  # what the link itself names is read later
        if example in EXAMPLES:
            st.session_state.update(choices(EXAMPLES[example]))
        else:
            st.session_state.update(
                zip(("text", "pair", "target"), (text or "" for text in texts), strict=True)
            )


def forget_old_text() -> None:
    """After another text was sent neither the address nor a picture keeps what belonged to the old one."""
    forget_query()
    for name in _UNBOUND:
        if name in st.query_params:
            del st.query_params[name]


def forget_query() -> None:
    """No token of the text, or of the model that cuts it into tokens, is chosen yet."""
    _choose_none()
    if "query" in st.query_params:
        del st.query_params["query"]


def _choose_none() -> None:
    st.session_state[_CHOSEN] = st.session_state[_WRITTEN] = st.session_state[_PINNED_KEY] = None


def link(request: Request, *, with_text: bool) -> str:
    """The query string that restores this picture."""
    chosen: list[tuple[str, Any]] = [
        ("model", request.model.source),
        ("layer", request.layer),
        ("head", request.head),
    ]
    if len(request.heads) < request.attention.heads:
        chosen += [("heads", head) for head in request.heads]
    for name in ("query", "key_token"):
        if name in st.query_params:
            chosen.append((name, st.query_params[name]))
    for name in _IN_LINKS:
        value = st.session_state.get(name)
        if value is not None and value is not False and value != "All":
            chosen.append((name, str(value).lower() if value is True else value))
    if with_text:
        second = "target" if request.model.pairs == "target" else "pair"
        chosen += [("text", st.session_state["text"]), (second, st.session_state[second])]
    return "?" + urlencode(chosen)


def settle_query(whole: Attention, shown: Attention) -> int:
    """The position of the query token: chosen here, named in the address, or the text's last word.

    A position in the sequence, not an index: it stays the same token whatever a filter hides.
    """
    asked, written = st.query_params.get("query"), st.session_state.get(_WRITTEN)
    chosen = st.session_state.get(_CHOSEN)
    # The address is news if we did not write it (a link, back, forward) and nothing was clicked meanwhile. On
    # arrival from another page it may be empty only because the navigation left it out.
    if asked != written and chosen == written and not (st.session_state[_ARRIVED] and asked is None):
        chosen = asked
    positions = [token.position for token in whole.queries]
    if chosen is not None and chosen not in {str(position) for position in positions}:
        if chosen == asked != written:
            few, many = min(positions), max(positions)
            say.warn(f"You asked for token {quoted(chosen)}, but this text has tokens {few} to {many}.")
        chosen = None
    st.session_state[_CHOSEN] = st.session_state[_WRITTEN] = chosen
    if chosen is not None:
        st.query_params["query"] = chosen
    elif "query" in st.query_params:
        del st.query_params["query"]
    position = next((token.position for token in shown.queries if str(token.position) == chosen), None)
    st.session_state["query"] = _last_word(shown) if position is None else position
    return st.session_state["query"]


def _last_word(shown: Attention) -> int:
    words = [token.position for token in shown.queries if not token.special and token.text.isalnum()]
    return words[-1] if words else shown.queries[-1].position


def note_arrival(page: str) -> None:
    """Remember whether this run is the first on its page; there, the same link may be followed again."""
    st.session_state[_ARRIVED] = st.session_state.get(_PAGE) != page
    st.session_state[_PAGE] = page
    if st.session_state[_ARRIVED]:
        st.session_state[_LINKED] = None
        # What an example has set, and no widget has changed since, Streamlit forgets for the first run on
        # another page, unless it is set again. What the address names wins anyway.
        for name in _SHARED:
            if name in st.session_state and name not in st.query_params:
                st.session_state[name] = st.session_state[name]


def last_head(model: Model, kind: str) -> tuple[int, tuple[int, ...]]:
    """The layer and head that other pages go on with, on a page that asks for neither; for `draw`.

    Streamlit forgets what no control of a run holds, unless it is set again.
    """
    for name in (*_FILTERS, "layer", "head", "heads"):
        if name in st.session_state:
            st.session_state[name] = st.session_state[name]
    layer, head = st.session_state.get("layer"), st.session_state.get("head")
    return (
        layer if layer in range(model.layers_of(kind)) else 0,
        (head if head in range(model.heads_of(kind)) else 0,),
    )


def pinned_token(request: Request) -> tuple[Side, int] | None:
    """The token whose lines stay in the head view: "query" or "key", and its index among the shown ones."""
    sides: tuple[tuple[Side, str, Sequence[Token]], ...] = (
        ("key", _PINNED_KEY, request.shown.keys),
        ("query", _CHOSEN, request.shown.queries),
    )
    for side, kept, tokens in sides:
        positions = [str(token.position) for token in tokens]
        if st.session_state.get(kept) in positions:
            return side, positions.index(st.session_state[kept])
    return None


def pin_token(request: Request, pinned: tuple[Side, int] | None) -> None:
    """Pin this token, or none. A query is then the chosen one everywhere. For callbacks."""
    if pinned is None:
        forget_query()
        return
    side, index = pinned
    if side == "key":
        st.session_state[_PINNED_KEY] = str(request.shown.keys[index].position)
    else:
        choose_query(request.shown.queries[index].position)


def choose_query(position: int) -> None:
    """Make this token the query everywhere. For callbacks: before the widgets are drawn."""
    st.session_state[_CHOSEN], st.session_state[_PINNED_KEY] = str(position), None


def choose_heads(request: Request, heads: Sequence[int]) -> None:
    """Make these heads of the layer the chosen ones. For callbacks: before the widgets are drawn."""
    st.session_state["heads"] = [*heads] if len(heads) < request.attention.heads else []


def choose_head(layer: int, head: int) -> None:
    """Make this head the chosen one everywhere. For callbacks: before the widgets are drawn."""
    st.session_state["layer"], st.session_state["head"], st.session_state["heads"] = layer, head, [head]
