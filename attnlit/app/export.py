"""What can be taken away: a link, the picture and its numbers as files, and the words for under it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from attnlit.app.frame import address, sidebar
from attnlit.attention.record import ATTENTION
from attnlit.charts.figure import KINDS, csv, figure, file_stem, heading
from attnlit.wording import quoted

if TYPE_CHECKING:
    import pandas as pd

    from attnlit.app.frame.request import Choice, Request
    from attnlit.charts.picture import Picture


def menu(
    request: Request,
    view: str,
    chart: Callable[[], Picture],
    table: Callable[[], pd.DataFrame],
    *,
    heads: Sequence[int] = (),
    caption: str = "",
) -> None:
    """A link that restores the picture, and the picture and its numbers as files, each made when it is asked.

    view: names the files. chart: makes the picture in the light theme. heads: those of the layer that it
    shows, none where it shows the whole model; they and the caption stand in its title.
    """
    if request.shown.weighs != ATTENTION:
        caption = f"{caption} · Lines weigh what is passed on" if caption else "Lines weigh what is passed on"
    layer = request.layer if heads else None
    title = heading(request.model.name, layer, heads, request.attention.heads)
    name = file_stem(request.model.name, view, layer, heads[0] if len(heads) == 1 else None)
    with st.container(horizontal=True):
        links(request, sidebar.own_texts(request.model), "text", typed=sidebar.was_typed(request.model))
        with st.popover("Save", icon=":material/download:"):
            for kind, mime in KINDS.items():
                st.download_button(
                    f"Picture ({kind.upper()})",
                    lambda kind=kind: figure(chart(), kind, title=title, caption=caption),
                    f"{name}.{kind}",
                    mime,
                    on_click="ignore",
                )
            numbers(table, name)


def pinned(request: Request) -> str:
    """For a picture's title: which token it singles out."""
    if request.pinned is None:
        return ""
    side, index = request.pinned
    tokens = request.shown.queries if side == "query" else request.shown.keys
    return f"{side.capitalize()}: {quoted(tokens[index].text)}"


def links(choice: Choice, own: Mapping[str, str], what: str, *, typed: bool) -> None:
    """A link that restores the page, with and without what was typed.

    own: that, by the names that the address gives it; what: what the page calls it.
    """
    with st.popover("Link", icon=":material/link:"):
        if typed:
            st.markdown(f"**With your {what}:** whoever opens it sees what you see.")
            st.code(address.link_to(choice, own), language=None, wrap_lines=True)
            st.markdown(f"**Without it:** the link holds no word of your {what}.")
        st.code(address.link_to(choice, None if typed else {}), language=None, wrap_lines=True)


def numbers(table: Callable[[], pd.DataFrame], name: str, *, key: str | None = None) -> None:
    """A button that saves a table, made when it is pressed."""
    st.download_button(
        "Numbers (CSV)", lambda: csv(table()), f"{name}.csv", "text/csv", key=key, on_click="ignore"
    )
