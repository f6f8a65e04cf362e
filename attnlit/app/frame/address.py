"""The address: the only place that reads or writes what stands behind its "?".

What a visitor chooses stands there, so a link restores the picture. What a visitor types does not: it appears
there only where a link with the text was asked for. Following a link sets what the controls begin with, and
runs no model.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from attnlit.app import say
from attnlit.app.frame.cards import BY_SCRIPT, OWN_TEXTS
from attnlit.app.frame.packed import packed, unpacked
from attnlit.wording import quoted

if TYPE_CHECKING:
    from attnlit.app.frame.request import Choice

# Keys of the session that belong to no control:
_PAGE, _ARRIVED, _PAGE_BEFORE = "page", "arrived", "page_before"
# What was last taken from the address, by the names that were asked for: typing something else wins over it.
_LINKED = "followed_link"
_CHOSEN = "chosen_"  # + name: what was chosen, as the address spells it, or None
_WRITTEN = "written_"  # + name: what we last left in the address
_MADE = "made_"  # + name: whether somebody has made a choice that else goes with what is shown
# Choices that are bound to no control, and are of one text.
_BY_HAND = frozenset({"query", "key", "key_token", "word", "together", "role"})
# Choices that go with what is shown until somebody makes them: no link names them before.
_FITTING = frozenset({"shape"})
_SEVERAL = frozenset({"heads"})  # of which an address may name more than one
_WITHOUT = "without"  # in a link: the text of whoever made it was left out


def clean() -> None:
    """Before anything else reads the address: drop every name that has nothing behind its "=".

    Streamlit would set a control to None then, also where it always has a value (1.67: pills and segmented
    controls with `required`). What is not empty, and is no choice either, the controls refuse in words.

    Behind what a link to another page says Streamlit puts what controls of this page say, under the same
    names. So of a name that is there more than once the first counts, which is the link's.
    """
    context = get_script_run_ctx()
    if context is None:
        return
    with context.session_state.query_params() as params:
        said = {name: params.get_all(name) for name in params}
        once = {
            name: [*dict.fromkeys(values)] if name in _SEVERAL else values[:1]
            for name, values in said.items()
        }
        again = [name for name, values in said.items() if len(once[name]) < len(values)]
        for name in again:
            params.set_corrected_value(name, once[name], "string_array_value")  # in the browser, too
        if again:
            params.set_initial_query_params_from_current()  # from these the controls take their values
    release([name for name, values in said.items() if name not in OWN_TEXTS and not any(values)])


def release(some: Collection[str]) -> None:
    """Take these names out of the address, those of controls too: they begin with what the session says."""
    context = get_script_run_ctx()
    if context is None:
        return
    with context.session_state.query_params() as params:
        there = [name for name in some if name in params]
        for name in there:
            params.remove_param(name)  # in the browser, too
        if there:
            params.set_initial_query_params_from_current()  # from these the controls take their values


def note_arrival(script: str) -> None:
    """Remember which page is open, and whether this run is the first on it.

    There the same link may be followed again, and it is said if it came without its text.
    """
    st.session_state[_PAGE_BEFORE] = st.session_state.get(_PAGE, "")
    st.session_state[_ARRIVED] = st.session_state[_PAGE_BEFORE] != script
    st.session_state[_PAGE] = script
    if arrived():
        st.session_state[_LINKED] = {}
        if st.query_params.get(_WITHOUT):
            without = (
                "This link came without the text that was typed by whoever made it: you see another one here."
            )
            say.once(without, say.hint)


def arrived() -> bool:
    """Whether this run is the first on its page."""
    return bool(st.session_state.get(_ARRIVED))


def page() -> str:
    """The script of the page that is open."""
    return str(st.session_state[_PAGE])


def page_before() -> str:
    """The script of the page that the run before this one has drawn; of a session's first run nothing."""
    return str(st.session_state[_PAGE_BEFORE])


def names(*some: str) -> bool:
    """Whether the address holds one of these names."""
    return any(name in st.query_params for name in some)


def asked(name: str) -> list[str]:
    """What the address says of a name, without what is empty."""
    return [value for value in st.query_params.get_all(name) if value]


def linked(some: Collection[str]) -> dict[str, str]:
    """What a link says of these names, once for every link that is followed; else nothing."""
    found = {name: st.query_params[name] for name in sorted(some) if name in st.query_params}
    followed = st.session_state.setdefault(_LINKED, {})
    if not any(found.values()) or followed.get(frozenset(some)) == found:
        return {}
    followed[frozenset(some)] = found
    texts = {name: unpacked(value) if name in OWN_TEXTS else value for name, value in found.items()}
    readable = {name: text for name, text in texts.items() if text is not None}
    if len(readable) == len(texts):
        return readable
    say.once("This link is damaged, perhaps cut off by a mail program. Ask for it again, or type the text.")
    return {}


def show(some: Mapping[str, list[str]]) -> None:
    """Let the address say what controls are about to be set to, where they have not been drawn yet.

    Streamlit writes what is set later, but not what a control begins with, and "back" would not find it.
    """
    context = get_script_run_ctx()
    if context is None:
        return
    known = BY_SCRIPT[page()].all_keys
    with context.session_state.query_params() as params:
        for name, values in some.items():
            if name in known and not params.is_bound(name):
                params[name] = values


def write(**values: str) -> None:
    """Put these into the address, for choices that are bound to no control.

    What stands there already is not written again: a browser draws its whole page for each message about it.
    """
    if any(st.query_params.get(name) != value for name, value in values.items()):
        st.query_params.update(values)


def of_this_page() -> str:
    """The address without what stands behind its "?"."""
    return (st.context.url or "").split("?")[0]


def leave(some: Collection[str]) -> None:
    """Take these names out of the address: it no longer holds what a link put there."""
    for name in some:
        if name in st.query_params:
            del st.query_params[name]


def choose(name: str, value: object) -> None:
    """Choose something that is bound to no control. For callbacks: before the controls are drawn."""
    st.session_state[_CHOSEN + name] = None if value is None else str(value)


def is_chosen(name: str) -> bool:
    """Whether something that is bound to no control is chosen, here or in the address."""
    return st.session_state.get(_CHOSEN + name) is not None or names(name)


def forget_by_hand(*, in_address: bool = True) -> None:
    """No token is chosen any more: the text is another, or the model that cuts it into tokens.

    in_address: also there; a link that is being followed may name a token of its own text.
    """
    for name in _BY_HAND:
        st.session_state[_CHOSEN + name] = st.session_state[_WRITTEN + name] = None
    if in_address:
        leave(_BY_HAND)


def settled(name: str, valid: Container[str], but: str) -> str | None:
    """What is chosen of something that is bound to no control: here, or in the address; None for nothing.

    Not bound, because Streamlit would write the option's label into the address, and so a word of the text.
    but: ends the sentence about a choice in the address that is not valid.
    """
    here, written = st.session_state.get(_CHOSEN + name), st.session_state.get(_WRITTEN + name)
    there = st.query_params.get(name)
    # The address is news if we did not write it (a link, back, forward) and nothing was clicked meanwhile. On
    # arrival from another page it may be empty only because the navigation left it out.
    if there != written and here == written and not (st.session_state.get(_ARRIVED) and there is None):
        here = there
        if here is not None and here not in valid:
            say.once(f"You asked for {name.replace('_', ' ')} {quoted(here)}, but {but}.")
    if here not in valid:
        here = None
    st.session_state[_CHOSEN + name] = st.session_state[_WRITTEN + name] = here
    if here is None:
        leave([name])
    else:
        write(**{name: here})
    return here


def note_made(name: str) -> None:
    """Somebody has made this choice, which until then went with what was shown."""
    st.session_state[_MADE + name] = True


def is_made(name: str) -> bool:
    """Whether somebody has made it."""
    return bool(st.session_state.get(_MADE + name))


def link_to(choice: Choice, own: Mapping[str, str] | None) -> str:
    """The whole address that restores this page.

    own: what was typed, where the link is to carry it; None where it is left out, which the link says.
    """
    card = BY_SCRIPT[page()]
    said = {"model": choice.known.source, "layer": choice.layer, "head": choice.head}
    parts: dict[str, Any] = {name: value for name, value in said.items() if name in card.all_keys}
    unmade = {name for name in _FITTING if not is_made(name)}
    for name in sorted(card.all_keys - OWN_TEXTS - parts.keys() - unmade):
        value = st.query_params.get(name) if name in _BY_HAND else st.session_state.get(name)
        if value is not None and value is not False and value not in ("All", ["All"]) and name != "example":
            parts[name] = str(value).lower() if value is True else value
    parts |= {_WITHOUT: "text"} if own is None else {name: packed(text) for name, text in own.items()}
    return f"{of_this_page()}?{urlencode(parts, doseq=True)}"
