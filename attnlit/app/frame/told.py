"""What controls were told to say, and what a browser still sends that has not heard of it.

With each click a browser sends what all controls say. If a click has changed one of them a moment ago, and
the answer has not arrived yet, it sends what that control said before: this must not undo the change.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

_REMEMBERED = 8  # values of a control: more clicks than somebody makes while a browser waits for an answer
# Keys of the session that belong to no control:
_RECORDS = "told"  # by control
_ELSEWHERE = "clicked_elsewhere"  # that this message is of a click on none of these controls


@dataclass(frozen=True)
class _Told:
    # What the control is to say after a choice that was made elsewhere.
    wanted: Any = None
    # What it said before that: a browser that does not know yet still sends it.
    before: tuple[Any, ...] = ()
    # Whether it has not been drawn since.
    on_its_way: bool = False
    # What it said when it was drawn last.
    drawn: Any = None
    # Whether it says something else than the server knew. This may be a choice, or what came late.
    changed: bool = False


def tell(name: str, value: Any) -> None:
    """Let a control say this. Before it is drawn."""
    told = _of(name)
    before = list(told.before)
    for said in (st.session_state.get(name), told.wanted):
        if said is not None and said not in before:
            before.append(said)
    _put(name, replace(told, wanted=value, before=tuple(before[-_REMEMBERED:]), on_its_way=True))
    st.session_state[name] = value


def drawn(name: str, value: Any) -> None:
    """Remember what a control says, where it has just been drawn."""
    told = _of(name)
    before = told.before if value == told.wanted else ()  # a link or this control has changed it since
    _put(name, replace(told, drawn=value, on_its_way=False, before=before))


def last_drawn(name: str) -> Any:
    """What a control said when it was drawn last; None where it never was."""
    return _of(name).drawn


def note_change(name: str) -> None:
    """A control says something new. For its on_change."""
    _put(name, replace(_of(name), changed=True))


def clicked_elsewhere() -> None:
    """A click that changes no control by itself: each says what it was told. For callbacks, first of all."""
    st.session_state[_ELSEWHERE] = True
    for name, told in _records().items():
        if _is_late(told, st.session_state.get(name)):
            st.session_state[name] = told.wanted


def chosen_now() -> set[str]:
    """After all callbacks: the controls in which somebody has chosen; the others say what they were told."""
    elsewhere = st.session_state.pop(_ELSEWHERE, False)
    found = set()
    for name, told in _records().items():
        if not told.changed:
            continue
        said = st.session_state.get(name)  # None where a page without this control came in between
        if _is_late(told, said) and told.on_its_way:
            st.session_state[name] = told.wanted
        elif said is not None and not (elsewhere and said == told.wanted):
            found.add(name)
        _put(name, replace(told, changed=False, before=() if name in found else told.before))
    return found


def _is_late(told: _Told, said: Any) -> bool:
    return said in told.before and said != told.wanted


def _records() -> dict[str, _Told]:
    return st.session_state.setdefault(_RECORDS, {})


def _of(name: str) -> _Told:
    return _records().get(name, _Told())


def _put(name: str, told: _Told) -> None:
    st.session_state[_RECORDS] = {**_records(), name: told}
