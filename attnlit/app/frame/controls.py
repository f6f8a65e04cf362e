"""Controls that the address names: each answers with a value that it has, whatever was asked for.

A link, a picture or another model may have left a choice that this control does not offer; a browser may send
anything. What a control cannot mean is said once, and its default holds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import streamlit as st

from attnlit.app import say
from attnlit.app.frame import address
from attnlit.wording import either, quoted

T = TypeVar("T")
# Kept over pages, reload, back and forward, and in links.
IN_ADDRESS: dict[str, Any] = {"bind": "query-params"}
_SHORT = 12  # characters: a longer value stands in quotation marks


def one_of(
    draw: Callable[..., T | None],
    label: str,
    options: Sequence[T],
    key: str,
    *,
    default: T | None = None,
    but: str = "",
    bound: bool = True,
    **more: Any,
) -> T:
    """Draw a choice of one option with `st.pills`, `st.segmented_control` or `st.selectbox`.

    default: the first option where it is left out. but: ends the sentence about a choice that does not exist,
    as in "mini-gpt2 has layers 0 to 5". bound: in the address; else in the session.
    """
    options = list(options)
    start = options[0] if default is None else default
    if bound:
        drop_invalid_choice(key, options, start, but or f"the choice is {either(options)}")
    begin = {"index": options.index(start)} if draw == st.selectbox else {"default": start, "required": True}
    kept = IN_ADDRESS if bound else {"persist_state": "session"}
    chosen = draw(label, options, key=key, **begin, **kept, **more)
    return chosen if chosen in options else start  # whatever a browser sends


def one_that_fits(
    draw: Callable[..., T | None],
    label: str,
    options: Sequence[T],
    key: str,
    *,
    fits: T,
    bound: bool = True,
    **more: Any,
) -> tuple[T, bool]:
    """Draw a choice of one that goes with what is shown, until somebody makes it, here or by a link.

    Returns it, and whether somebody has. fits: what goes with what is shown. bound, more: as of `one_of`.
    """
    if bound and any(str(option) in address.asked(key) for option in options):
        address.note_made(key)
    if not address.is_made(key):
        st.session_state[key] = fits
    more["on_change"] = lambda: address.note_made(key)
    return one_of(draw, label, options, key, default=fits, bound=bound, **more), address.is_made(key)


def some_of(
    draw: Callable[..., Any], label: str, options: Sequence[T], key: str, *, default: T, but: str, **more: Any
) -> list[T]:
    """Draw a choice of one option or more with `st.pills` or `st.multiselect`; they come in their order."""
    drop_invalid_choice(key, options, [default], but)
    kind = {"selection_mode": "multi"} if draw == st.pills else {}
    chosen = draw(label, options, default=[default], key=key, **kind, **IN_ADDRESS, **more)
    return [option for option in options if option in (chosen or ())] or [default]


def number(label: str, most: int, key: str, *, default: int, but: str) -> int:
    """Draw a slider from 0 to `most`."""
    drop_invalid_choice(key, range(most + 1), default, but)
    chosen = st.slider(label, 0, most, default, key=key, **IN_ADDRESS)
    return chosen if chosen in range(most + 1) else default


def typed(draw: Callable[..., str], label: str, start: str, key: str, most: int, **more: Any) -> str:
    """Draw a field for text with `st.text_area` or `st.text_input`, kept over pages.

    most: characters that are kept for one visitor. Streamlit is not told of it: its fields take no notice of
    a longer text that is pasted, and say nothing.
    """
    held = st.session_state.get(key)
    if isinstance(held, str) and len(held) > most:
        st.session_state[key] = held[:most]
        say.once(f"{quoted(label)} takes at most {most:,} characters: the first {most:,} are kept.")
    return draw(label, start, key=key, persist_state="session", **more) or ""


def drop_invalid_choice(name: str, options: Sequence[Any], fallback: Any, but: str) -> None:
    """Before the control `name` is drawn: forget a choice that is none of its `options`, and say so.

    A list of choices (where the fallback is a list) keeps its valid part.
    """
    by_name = {str(option): option for option in options}
    held = st.session_state.get(name)
    if held is None:  # the control will read the address, and drop silently what it does not know
        asked = address.asked(name)
    else:
        asked = [str(value) for value in (held if isinstance(held, list) else [held])]
    wrong = [value for value in asked if value not in by_name]
    if not wrong:
        return
    right = [by_name[value] for value in asked if value in by_name]
    st.session_state[name] = (right or fallback) if isinstance(fallback, list) else fallback
    named = [value if value.isalnum() and len(value) <= _SHORT else quoted(value) for value in wrong]
    say.once(f"You asked for {name.rstrip('s').replace('_', ' ')} {', '.join(named[:3])}, but {but}.")
