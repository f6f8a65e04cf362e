"""Texts that excite the chosen head: sentences with the pair marked, each opens in the head view."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from attnlit.app import saving, say
from attnlit.app.frame import chosen, classroom, link
from attnlit.app.frame.controls import one_of
from attnlit.app.frame.packed import packed
from attnlit.app.patterns import measure
from attnlit.words.examples import LIST_TITLES, example_in_words, list_in_words, marked

if TYPE_CHECKING:
    from attnlit.analysis.survey import Example, Survey
    from attnlit.app.frame.request import Request
    from attnlit.models.model import Model

_SHOWN = 5


def texts(request: Request, found: Survey) -> None:
    """One list of the chosen head's texts, first the one that comes first."""
    if found.texts < 2:
        return  # the text of the sidebar is shown above
    layer, head = request.layer, request.head
    st.header(f"Texts for head {layer}-{head}", anchor=False)
    titles = {LIST_TITLES[name]: name for name in found.examples.lists}
    which = titles[one_of(st.segmented_control, "Texts", [*titles], "list", label_visibility="collapsed")]
    say.quiet(list_in_words(found.examples, which, layer, head))
    some = found.examples.of(layer, head, which)
    if which != "sample":  # of texts that say nearly the same one is enough
        by_words: dict[tuple[str, str], Example] = {}
        for each in some:
            by_words.setdefault(each.words, each)
        some = [*by_words.values()]
    if not some:
        say.hint("In none of the texts does this head look clearly at any such token.")
    for number, example in enumerate(some[:_SHOWN]):
        _one(request.model, (layer, head), example, number)
    saving.offer("Texts of heads", "texts_of_heads", found.examples.table)


def _one(model: Model, head: tuple[int, int], example: Example, number: int) -> None:
    with st.container(border=True):
        st.markdown(marked(example))
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            say.quiet(example_in_words(example))
            if measure.typed_here():
                _show_button(model, head, example, number)
            else:
                _link(model, head, example)


def _link(model: Model, head: tuple[int, int], example: Example) -> None:
    second = "target" if model.pairs == "target" else "pair"
    classroom.page_link(
        "head_view",
        label="Open",
        icon=":material/grid_goldenratio:",
        help="This text in the head view, at this head and token",
        query_params={
            "model": model.source,
            "layer": str(head[0]),
            "heads": str(head[1]),
            "query": str(example.query),
            "text": packed(example.text),
            second: packed(example.pair or ""),
        },
        width="content",
    )


def _show_button(model: Model, head: tuple[int, int], example: Example, number: int) -> None:
    """In place of a link, which would put what somebody has typed into the address."""
    st.button(
        "Show",
        key=f"show_text_{number}",
        help="Make this the text of the sidebar, and show this head and token on every page",
        on_click=_choose,
        args=(model, head, example),
    )


def _choose(model: Model, head: tuple[int, int], example: Example) -> None:
    link.leave_text()
    second = "target" if model.pairs == "target" else "pair"
    st.session_state.update({"text": example.text, second: example.pair or ""})
    chosen.choose_head(*head)
    chosen.choose_query(example.query)
