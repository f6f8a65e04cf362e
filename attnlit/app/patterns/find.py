"""Find heads by pointing: the query token of the picture looks at this one. Who does the same?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from attnlit.analysis.survey.find import find_heads
from attnlit.app import panels
from attnlit.app.frame.chosen import choose_head
from attnlit.wording import escaped
from attnlit.words.find import found_in_words

if TYPE_CHECKING:
    from attnlit.analysis.survey import Survey
    from attnlit.app.frame.request import Request

_SHOWN = 8


def by_pointing(request: Request, found: Survey) -> None:
    """The heads that do what the visitor points at, on the text in the sidebar and over the survey."""
    st.header("Find heads by pointing", anchor=False)
    query = request.shown.queries[request.query]
    record = request.attention
    seen = [key for key in record.keys if not record.causal or key.position <= query.position]
    words = {key.position: key.text for key in seen}
    position = st.selectbox(
        f"Which heads make “{escaped(query.text)}” look at …",
        [*words],
        index=None,
        format_func=lambda each: f"{words[each]}  ·  {each}",
        key="points_at",
        placeholder="Choose a token of the text in the sidebar",
        help="The token that looks is the query token above.",
    )
    if position not in words:
        return
    result = find_heads(record, query.position, position, found)
    st.markdown(found_in_words(result, record, query.position, position))
    first = result.table.iloc[0]
    head = int(first["layer"]), int(first["head"])
    st.button(
        f"Show {head[0]}-{head[1]}",
        key="show_found",
        icon=":material/my_location:",
        on_click=choose_head,
        args=head,
        disabled=head == (request.layer, request.head),
    )
    table = result.table.head(_SHOWN).dropna(axis=1, how="all")
    percent = st.column_config.NumberColumn("Here", format="percent")
    title = result.score.title if result.score else ""
    share = result.score is not None and result.score.unit.name == "share"
    columns = {
        "layer": st.column_config.NumberColumn(pinned=True),
        "head": st.column_config.NumberColumn(pinned=True),
        "here": percent,
        "usual": st.column_config.NumberColumn("Usually at that distance", format="percent"),
        "overall": st.column_config.NumberColumn(title, format="percent" if share else "%.2f"),
    }
    panels.numbers(table, "Heads that do the same", "heads_that_do_the_same", column_config=columns)
