"""What can be taken away: a link, files, code that makes the same picture, and what to cite."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import streamlit as st

import attnlit
from attnlit.app import copy_button, line, saving, say
from attnlit.app.frame import address, sidebar
from attnlit.app.frame.controls import one_of
from attnlit.attention.record import ATTENTION
from attnlit.charts.figure import KINDS, csv, figure, file_stem, heading, needs_more_fonts, parquet
from attnlit.wording import quoted
from attnlit.words.caption import caption
from attnlit.words.citation import bibtex

if TYPE_CHECKING:
    import pandas as pd

    from attnlit.app.frame.opening import Known
    from attnlit.app.frame.request import Choice, Request
    from attnlit.charts.picture import Picture


_WIDTHS: dict[str, Literal["page", "column"]] = {"A page": "page", "A column": "column"}  # of a printed paper
_NUMBERS = "The numbers behind the pictures"
_MOST_ROWS = 5_000  # of a table on the page: a browser has to hold them
_WEIGHTS = ("head", "head_rows", "model", "heatmap")  # views that draw weights


@dataclass(frozen=True)
class Figure:
    """A picture that can be saved."""

    # Makes it in the light theme.
    chart: Callable[[], Picture]
    title: str
    # Lines, as `attnlit.words.caption` makes them.
    caption: str
    # Of the file, without its ending.
    name: str


@dataclass(frozen=True)
class Link:
    """What restores the page, with and without what was typed."""

    choice: Choice
    # What was typed, by the names that the address gives it.
    own: Mapping[str, str]
    # What the page calls that.
    what: str
    # Whether somebody has typed it, or it is what everybody begins with.
    typed: bool


@dataclass(frozen=True)
class _Menu:
    label: str
    icon: str
    # What is in it.
    draw: Callable[[], None]
    title: str = ""
    width: Literal["small", "large"] = "small"


def menu(
    request: Request,
    view: str,
    chart: Callable[[], Picture],
    table: Callable[[], pd.DataFrame],
    *,
    code: Sequence[str] = (),
    heads: Sequence[int] = (),
    about: str = "",
    texts: Sequence[str] | None = None,
    own: Mapping[str, str] | None = None,
) -> None:
    """A link that restores the picture, files of it and of all the page's numbers, code, what to cite.

    view: names the files. chart: makes the picture in the light theme. heads: those of the layer that it
    shows, none where it shows the whole model; they stand in its title. about: what it singles out, for its
    caption. texts: those it shows, if not the sidebar's. own: what was typed on the page beside the sidebar's
    texts, by the names that the address gives it.
    """
    layer = request.layer if heads else None
    title = heading(request.known.name, layer, heads, request.attention.heads)
    name = file_stem(request.known.name, view, layer, heads[0] if len(heads) == 1 else None)
    others = saving.offered()
    saving.offer("Numbers", name, table)
    for each in others:
        saving.offer(each.title, each.name, each.table)
    record = request.shown
    drawn = "weights are attention" if view in _WEIGHTS else ""
    if record.weighs != ATTENTION:
        drawn = "weights are what is passed on"
    texts = (record.text, record.pair or "") if texts is None else texts
    below = caption(request.known.name, request.known.identity, texts, (about, drawn))
    said = {"title": title, "caption": below, "text": " / ".join(filter(None, texts))}
    typed = sidebar.own_texts(request.known) | dict(own or {})
    menus(
        request.known,
        Link(request, typed, "text", bool(own) or sidebar.was_typed(request.known)),
        Figure(chart, title, below, name),
        {**said, "weights": record.weighs},
        code=code,
    )


def menus(
    model: Known,
    link: Link | None,
    picture: Figure | None = None,
    about: Mapping[str, str] | None = None,
    *,
    code: Sequence[str] = (),
) -> None:
    """The page's one row of menus: its link, its picture, every table that it has offered, its code.

    about: what the header of Parquet files says beside the model.
    """
    tables = saving.offered()

    def save() -> None:
        if picture is not None:
            _picture(picture, " ".join((about or {}).values()))
        for each in tables:
            # The numbers of the picture are called as the picture is.
            name = each.name if picture and each.name == picture.name else file_stem(model.name, each.name)
            header = {"model": model.identity, "attnlit": attnlit.__version__, **(about or {})}
            _numbers(replace(each, name=name), header)

    _row([
        *([_Menu("Link", "link", lambda: _links(link))] if link else ()),
        _Menu("Save", "download", save),
        *([_Menu("Code", "code", lambda: _snippets(code), width="large")] if code else ()),
        _Menu("Cite", "format_quote", _cite, width="large"),
        *([_Menu("Table", "table", lambda: _tables(tables), _NUMBERS, width="large")] if tables else ()),
    ])  # fmt: skip


@st.fragment
def _row(some: Sequence[_Menu]) -> None:
    """Menus that are drawn once open, in a short run of their own: else every run would draw them whole."""
    buttons = [line.Button(each.label, each.icon, each.label, opens=True) for each in some]
    pressed = line.draw(buttons, "menus", "menus")
    for each in some:
        if each.label in pressed:
            icon = f":material/{each.icon}:"
            # A run when it closes takes away what it held: opened anew, it would show old buttons at first,
            # whose files are gone.
            st.dialog(each.title or each.label, width=each.width, icon=icon, on_dismiss="rerun")(each.draw)()


def _tables(tables: Sequence[saving.Numbers]) -> None:
    """Every table of the page, to be read where pictures cannot be seen."""
    by_title = {each.title: each for each in tables}
    title = st.selectbox("Table", [*by_title]) if len(tables) > 1 else tables[0].title
    table = by_title[title].table()
    st.dataframe(table.head(_MOST_ROWS), hide_index=True)
    if len(table) > _MOST_ROWS:
        say.quiet(f"The first {_MOST_ROWS:,} of {len(table):,} rows; Save has all of them.")


def _picture(picture: Figure, text: str) -> None:
    """How wide it is to be, and a button for each kind of file. text: what is in the picture."""
    width = _WIDTHS[one_of(st.segmented_control, "As wide as", [*_WIDTHS], "figure_width", bound=False)]
    name = picture.name if width == "page" else f"{picture.name}_{width}"
    with st.container(horizontal=True):
        for kind, mime in KINDS.items():
            st.download_button(
                f"Picture ({kind.upper()})",
                lambda kind=kind: figure(
                    picture.chart(), kind, title=picture.title, caption=picture.caption, width=width
                ),
                f"{name}.{kind}",
                mime,
                on_click="ignore",
            )
    if needs_more_fonts(text):
        say.quiet(
            "PNG and PDF are drawn with the fonts of the machine that runs attnlit: letters that they lack "
            "become boxes. SVG and HTML use the fonts of whoever opens them."
        )


def _numbers(numbers: saving.Numbers, about: Mapping[str, str]) -> None:
    """Buttons that save a table, made when one is pressed."""
    header = {**about, "table": numbers.title}
    with st.container(horizontal=True):
        for kind, mime, make in (
            ("CSV", "text/csv", csv),
            ("Parquet", "application/vnd.apache.parquet", lambda table: parquet(table, header)),
        ):
            st.download_button(
                f"{numbers.title} ({kind})",
                lambda make=make: make(numbers.table()),
                f"{numbers.name}.{kind.lower()}",
                mime,
                key=f"{numbers.title} {kind}",
                on_click="ignore",
            )


def _snippets(code: Sequence[str]) -> None:
    which = "this picture" if len(code) == 1 else "each of these pictures"
    st.markdown(f"**Code for {which}**, in a notebook or a script with attnlit installed:")
    for each in code:
        st.code(each, wrap_lines=True)


def _cite() -> None:
    st.markdown("**The paper whose views these are, and this software**")
    st.code(bibtex(), language="latex", wrap_lines=True)


def pinned(request: Request) -> str:
    """For a picture's caption: which token it singles out."""
    if request.pinned is None:
        return ""
    side, index = request.pinned
    tokens = request.shown.queries if side == "query" else request.shown.keys
    return f"{side}: {quoted(tokens[index].text)}"


def _links(link: Link) -> None:
    what = link.what
    if link.typed:
        st.markdown(f"**With your {what}:** whoever opens it sees what you see.")
        copy_button.draw(f"Copy link with your {what}", address.link_to(link.choice, link.own))
        st.markdown(f"**Without it:** the link holds no word of your {what}.")
    label = f"Copy link without your {what}" if link.typed else "Copy link"
    copy_button.draw(label, address.link_to(link.choice, None if link.typed else {}))
