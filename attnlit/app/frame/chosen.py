"""What a visitor has chosen of the picture: its head or heads, and the token that looks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from attnlit.app import say
from attnlit.app.examples import EXAMPLES, where
from attnlit.app.frame import address, told

if TYPE_CHECKING:
    from attnlit.attention import Attention
    from attnlit.attention.record import Token
    from attnlit.charts.pinned import Side

# Choices of the frame that stay from page to page.
_FILTERS = ("weigh", "filter", "words", "special", "rescaled")
_HEAD = ("layer", "head", "heads")
_SHARED = ("model", "reads", "writes", "text", "pair", "target", "kind", *_HEAD, *_FILTERS)
LET_GO = -1  # in place of a position: no token is pinned
ALL = "All"  # heads: an option of its own, so that nothing chosen never means all
# Keys of the session that belong to no control:
_EXAMPLE = "begin_with"  # the example whose head is to be looked up
_BEGUN = "head_begun"  # the page that began at a head by itself; nothing once somebody has chosen one
_NEXT = "head_next"  # where the next run goes
_NEW_TEXT = "text_is_new"  # that another text was sent, and no picture of one head has begun with it yet


def keep_over_pages() -> None:
    """On arrival on another page: hold what was set and no control has changed since.

    Streamlit forgets it for the first run there, unless it is set again. What the address names wins anyway.
    """
    for name in _SHARED:
        if name in st.session_state and not address.names(name):
            st.session_state[name] = st.session_state[name]


def last_head(layers: Sequence[int], heads: int) -> tuple[int, int]:
    """The layer and head that other pages go on with, on a page that asks for neither.

    Streamlit forgets what no control of a run holds, unless it is set again.
    """
    _hold(*_HEAD)
    hold_filters()
    layer, head = st.session_state.get("layer"), st.session_state.get("head")
    return layer if layer in layers else layers[0], head if head in range(heads) else 0


def hold_filters() -> None:
    """The same for the filters, on a page that has none."""
    _hold(*_FILTERS)


def _hold(*names: str) -> None:
    for name in names:
        if name in st.session_state:
            st.session_state[name] = st.session_state[name]


def begin_with(example: str) -> None:
    """Show an example's head and token, as soon as its text is read."""
    st.session_state[_EXAMPLE] = example


def without_filters() -> None:
    """Before the controls are drawn: show a text as it was recorded, whatever was chosen of another one."""
    for name in _FILTERS:
        st.session_state.pop(name, None)


def take_up() -> None:
    """Before the controls are drawn: take up what was chosen in one, or by a link, or by the last run."""
    now = told.chosen_now()
    if now:
        note_choice()
    if "heads" in now:
        _settle_heads()
    elif "head" in now:  # the head view shows it alone, too
        told.tell("heads", [st.session_state["head"]])
    if _BEGUN not in st.session_state and address.names(*_HEAD):
        note_choice()
    if _NEXT in st.session_state:
        address.release(_HEAD)  # what stands there was this page's own beginning
        _show(*st.session_state.pop(_NEXT))


def begin(attention: Attention, *, at_the_end: bool = False) -> None:
    """Choose where the picture begins, if nobody has: at an example's head, or at the most telling one.

    attention: the whole record of the text. at_the_end: no token is chosen, so that the last word is the
    query; else it is one that shows what the head does.
    """
    example = st.session_state.pop(_EXAMPLE, None)
    new_text = not at_the_end and st.session_state.pop(_NEW_TEXT, False)
    if example is None and _BEGUN in st.session_state:
        if new_text:
            _choose_telling_query(attention)
        return
    layer, head, query = where(EXAMPLES.get(example), attention)
    _show(layer, head)
    if not at_the_end and not address.names("query"):
        choose_query(attention.queries[query].position)
    st.session_state[_BEGUN] = address.page() if example is None else ""


def note_new_text() -> None:
    """Another text was sent: the next picture of a head begins at a token that shows what the head does."""
    st.session_state[_NEW_TEXT] = True


def _choose_telling_query(attention: Attention) -> None:
    """Choose a token of a new text, unless one is: the head stays, for which somebody may have come."""
    from attnlit.analysis.scores import telling_query

    layer, head = st.session_state.get("layer"), st.session_state.get("head")
    there = layer in attention.layer_numbers and head in range(attention.heads)
    if there and not any(map(address.is_chosen, ("query", "key"))):
        choose_query(attention.queries[telling_query(attention, layer, head)].position)


def begin_at(layer: int, head: int) -> None:
    """On a page that measures which head tells most: go there, unless somebody has chosen or seen another."""
    page = address.page()
    if st.session_state.get(_BEGUN, page) == page:
        note_choice()
        st.session_state[_NEXT] = layer, head
        say.rerun()


def _show(layer: int, head: int) -> None:
    _tell(layer, head)
    address.show({"layer": [str(layer)], "head": [str(head)], "heads": [str(head)]})


def note_choice() -> None:
    """Somebody has chosen a layer or a head: no page goes to another one by itself any more."""
    st.session_state[_BEGUN] = ""


def choose_head(layer: int, head: int) -> None:
    """Make this head the chosen one everywhere. For callbacks: before the controls are drawn."""
    told.clicked_elsewhere()
    note_choice()
    _tell(layer, head)


def _tell(layer: int, head: int) -> None:
    told.tell("layer", layer)
    told.tell("head", head)
    told.tell("heads", [head])


def choose_layer(layer: int) -> None:
    """Make this layer the chosen one everywhere. For callbacks: before the controls are drawn."""
    told.clicked_elsewhere()
    note_choice()
    told.tell("layer", layer)


def choose_heads(heads: Sequence[int], of: int) -> None:
    """Make these heads of a layer of `of` the chosen ones. For callbacks: before the controls are drawn."""
    note_choice()
    told.tell("heads", [ALL] if len(heads) == of else sorted(heads))
    told.tell("head", min(heads))


def note_heads(heads: Sequence[int | str]) -> None:
    """Remember what the control of several heads says: for other pages, and to know what a click changes."""
    told.drawn("heads", [*heads])
    if ALL not in heads:
        told.tell("head", heads[0])


def _settle_heads() -> None:
    """After a choice of several heads: all of them or some, and never none. The last one stays on."""
    now, before = st.session_state["heads"], told.last_drawn("heads") or [ALL]
    if not now:
        now = before
    elif ALL in now:
        now = [ALL] if ALL not in before else [head for head in now if head != ALL]
    if now != st.session_state["heads"]:
        told.tell("heads", now)
    if ALL not in now:
        told.tell("head", min(now))


def choose_query(position: int) -> None:
    """Make this token the query everywhere. For callbacks: before the controls are drawn."""
    address.choose("query", position)
    address.choose("key", None)


def pin(shown: Attention, pinned: tuple[Side, int] | None) -> None:
    """Pin this token of the picture, or none. A query is then the chosen one everywhere. For callbacks."""
    if pinned is None:
        choose_query(LET_GO)
    elif pinned[0] == "query":
        choose_query(shown.queries[pinned[1]].position)
    else:
        address.choose("key", shown.keys[pinned[1]].position)


def settle_query(
    whole: Attention, shown: Attention, together: Sequence[int] = ()
) -> tuple[int, tuple[Side, int] | None]:
    """The index of the query token among the shown ones, and which token is pinned.

    The query is chosen here, named in the address, or the text's last word. It is pinned, unless somebody
    let go of it, or a key is pinned. Positions in the sequence are kept, not indices: they stay the same
    token whatever a filter hides. together: positions of queries that count as one, which has one of them.
    """
    query, key = (
        address.settled(
            name,
            {str(token.position) for token in tokens} | {str(LET_GO)},
            f"this text has tokens {tokens[0].position} to {tokens[-1].position}",
        )
        for name, tokens in (("query", whole.queries), ("key", whole.keys))
    )
    index = _index(shown.queries, [query])
    taken = [str(position) for position in together]
    if index is None and query in taken:
        index = _index(shown.queries, taken)
    at = _last_word(shown) if index is None else index
    st.session_state["query"] = shown.queries[at].position
    looked_at = _index(shown.keys, [key])
    if looked_at is not None:
        return at, ("key", looked_at)
    return at, None if query == str(LET_GO) else ("query", at)


def _index(tokens: Sequence[Token], positions: Sequence[str | None]) -> int | None:
    return next((index for index, token in enumerate(tokens) if str(token.position) in positions), None)


def _last_word(shown: Attention) -> int:
    tokens = shown.queries
    words = [index for index, each in enumerate(tokens) if not each.special and each.text.isalnum()]
    return words[-1] if words else len(tokens) - 1
