"""The home page: a text, and a living picture of its most telling head."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from attnlit.app import cache, described, say, start
from attnlit.app.examples import where
from attnlit.app.frame import classroom, kept_text, link
from attnlit.app.frame.controls import typed
from attnlit.app.frame.sidebar import FIRST_MODEL, TEXT, most_characters
from attnlit.app.frame.theme import theme
from attnlit.errors import AttnlitError

if TYPE_CHECKING:
    from attnlit.attention import Attention


LINES = (
    "A line is one weight of **attention**: the stronger the line, the more the word on the left takes "
    "from the word on the right. **Point at a word** in the picture, or tap it."
)
CELLS = (
    "A cell is one weight of **attention**: the stronger its colour, the more the word on the left takes "
    "from the word above. **Point at a cell** in the picture, or tap it."
)


def ask() -> str:
    """Draw the field for a text; the other pages go on with what stands in it."""
    with st.form("home_text", border=False):
        text = typed(st.text_area, "Type a sentence", TEXT, "text", most_characters(), height=80)
        st.form_submit_button("Show attention", type="primary", on_click=link.leave_text)
    others = {name: st.session_state[name] for name in ("pair", "target") if st.session_state.get(name)}
    kept_text.keep({"text": text, **others}, from_a_link=False)
    return text


def living_picture(text: str) -> str:
    """The most telling head of a text, a word pinned that shows it. Returns how to read it."""
    try:
        record = _attention(text)
    except AttnlitError as mistake:  # an empty text, one that is too long
        say.warn(str(mistake))
        return LINES
    start.import_charts()
    from attnlit.app import panels, shape
    from attnlit.charts.head import PinnedToken, head_picture
    from attnlit.charts.heatmap import heatmap_picture
    from attnlit.words.read_out import read_out
    from attnlit.words.roles import role_in_words

    layer, head, query = where(None, record)
    pinned = PinnedToken("query", query)
    with described.words_of("living_picture", "living_map", border=False):
        role = role_in_words(record, layer, head, threshold=False)
        st.markdown(" ".join((role, *read_out(record, layer, [head], query)[:1])))
    cells = shape.is_long(record)
    if cells:
        say.quiet(shape.why(record, "The head view has lines, too."))
        panels.picture(
            heatmap_picture(record, layer, head, theme=theme(), pinned=pinned),
            key="living_map",
            alt=f"Heat map of one head of {FIRST_MODEL}",
        )
    else:
        panels.picture(
            head_picture(record, layer, [head], theme=theme(), pinned=pinned),
            key="living_picture",
            alt=f"Head view of one head of {FIRST_MODEL}",
        )
    classroom.page_link(
        "head_view",
        label=f"Open layer {layer}, head {head} in the head view",
        icon=":material/grid_goldenratio:",
        query_params={
            "model": FIRST_MODEL,
            "layer": str(layer),
            "heads": str(head),
            "query": str(record.queries[query].position),
        },
    )
    return CELLS if cells else LINES


def _attention(text: str) -> Attention:
    """The recorded attention of the text that everybody begins with; of another text, what the model says."""
    from attnlit.app.recorded import store

    record = store.find(FIRST_MODEL, text)
    if record is not None:
        return record
    start.prepare_process()
    return cache.attention(cache.load_model(FIRST_MODEL), text, "")["self"]
