"""The home page's gallery: examples with a small picture of what will be seen, and where to go from here."""

from __future__ import annotations

import base64
import html
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import streamlit as st

from attnlit.app import cache, start
from attnlit.app.examples import EXAMPLES, where
from attnlit.app.frame import classroom
from attnlit.app.frame.cards import BY_SCRIPT, QUESTIONS
from attnlit.app.frame.theme import theme
from attnlit.app.recorded import store
from attnlit.charts import thumbnails
from attnlit.charts.theme import DARK, LIGHT, Theme

# Of its own, for this page alone: a browser takes long over such rules.
_STYLE = Path(__file__).with_name("cards.css")


def examples() -> None:
    """A card for each example: a small picture, and a link to the head, token and setting that it shows."""
    st.html(_STYLE)
    for number, (name, example) in enumerate(EXAMPLES.items()):
        if number % 3 == 0:
            columns = st.columns(3)
        with columns[number % 3].container(border=True, height="stretch", key=f"card_{name}"):
            drawing, caption = small_picture(name, theme().name)
            _show(drawing, f"{example.title}: {caption}")
            label = f"**{example.title}**"
            classroom.page_link(example.page, label=label, icon=example.icon, query_params={"example": name})
            st.caption(f"{example.says}  \n{caption}")


def _show(drawing: str, alt: str) -> None:
    """A drawing as an image: as a part of the page Streamlit would take its lines away."""
    packed = base64.b64encode(drawing.encode()).decode()
    st.html(f'<img class="small-picture" alt="{html.escape(alt)}" src="data:image/svg+xml;base64,{packed}">')


@lru_cache(maxsize=32)
def small_picture(name: str, theme_name: str) -> tuple[str, str]:
    """An example's drawing (SVG), and which head it is of. The head is looked up as its page will do."""
    example = EXAMPLES[name]
    record = store.find(example.model, example.text, example.pair)
    if record is None:
        start.prepare_process()
        record = cache.attention(cache.load_model(example.model), example.text, example.pair)["self"]
    layer, head, query = where(example, record)
    shade: Theme = DARK if theme_name == DARK.name else LIGHT
    said = f"{example.model}, layer {layer}, head {head}"
    draw: Callable[..., str] = thumbnails.head_thumbnail
    if example.page == "neuron_view":
        draw = thumbnails.row_thumbnail
    elif example.page == "model_view":
        return thumbnails.model_thumbnail(record, layer, head, theme=shade, alt=f"All heads of {said}"), said
    return draw(record, layer, head, query, theme=shade, alt=f"{example.title}: {said}"), said


def questions() -> None:
    """A card for each question of the paper."""
    cards = [card for card in BY_SCRIPT.values() if card.section == QUESTIONS]
    for column, card in zip(st.columns(len(cards)), cards, strict=True):
        with column.container(border=True, height="stretch", key=f"card_{card.script}"):
            classroom.page_link(card.script, label=f"**{card.title}**", icon=card.icon)
            st.caption(card.lead)


def teach() -> None:
    """The way to the lessons."""
    with st.container(border=True, key="card_lessons"):
        classroom.page_link("lessons", label="**Teach with it**", icon=":material/school:")
        st.caption(
            "Six lessons of 10 to 15 minutes: predict, look, switch a head off. One link for a class, no "
            "accounts, an answer sheet for each student, and an answer key for you."
        )
