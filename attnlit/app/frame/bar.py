"""The bar above the picture: where in the model it is, what of the attention it shows, which token looks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from attnlit.app import cache, line, say
from attnlit.app.frame import chosen, opening, steps
from attnlit.app.frame.controls import IN_ADDRESS, one_of
from attnlit.errors import AttnlitError
from attnlit.words.layers import reach_in_words

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from attnlit.app.frame.opening import Known
    from attnlit.attention import Attention

WEIGHS = ("Attention", "What is passed on")
_NAMED = 2  # heads: more of them are counted
BACK, ON = "before", "after"
_BY = {BACK: -1, ON: 1}


def title_place() -> DeltaGenerator:
    """The place of the title line."""
    return st.container(key="title_line")


def title_line(model: Known, kind: str, layer: int, heads: Sequence[int]) -> None:
    """Draw which model, layer and head stand in the picture, with steps to the ones beside them.

    On a phone, whose sidebar is closed, this is the way through layers and heads.
    """
    of, numbers = model.heads_of(kind), model.numbers_by_kind[kind]
    one = len(heads) == 1
    reach = reach_in_words(model.layer_kinds[layer], model.causal) if kind == model.kinds[0] else ""
    items = [
        line.Words("", model.name, " ·"),
        step("layer", BACK, possible=layer != numbers[0]),
        line.Words("layer ", str(layer)),
        step("layer", ON, possible=layer != numbers[-1]),
        step("head", BACK, possible=not one or heads[0] > 0),
        line.Words("head ", str(heads[0])) if one else _several(heads, of),
        step("head", ON, possible=not one or heads[0] < of - 1),
        *([line.Words(reach, "", quiet=True)] if reach else ()),
    ]

    def go(name: str) -> None:
        what, way = name.split()
        if what == "layer":
            steps.go(what, _BY[way], numbers)
        else:  # from several heads both steps lead to the first of them
            steps.go(what, _BY[way], range(of), None if one else heads[0])

    line.draw(items, "steps", "steps", go)


def _several(heads: Sequence[int], of: int) -> line.Words:
    if len(heads) == of:
        return line.Words("all ", str(of), " heads")
    if len(heads) > _NAMED:  # a longer line would break on a phone, and move the picture
        return line.Words("", str(len(heads)), f" of {of} heads")
    return line.Words("heads ", ", ".join(map(str, heads)))


def step(what: str, way: str, *, possible: bool) -> line.Button:
    """A button that goes to the layer, head or word before or after."""
    arrow = "chevron_left" if way == BACK else "chevron_right"
    return line.Button(f"{what} {way}", arrow, f"The {what} {way}", bare=True, disabled=not possible)


def filters(model: Known, attention: Attention, *, vectors: bool) -> cache.Filters:
    """Draw what the lines weigh, and the filters that make a difference to this record.

    vectors: the page shows queries and keys, and weights that are their softmax. Words have none, and
    rescaled rows and lengths are none, so that page has none of these.
    """
    from attnlit.attention.filters import BETWEEN, has_pair
    from attnlit.attention.words import has_pieces

    passed_on = not vectors and weighs_what_is_passed_on(model, "Lines weigh")
    sentences = BETWEEN[0]
    if has_pair(attention):
        about = "A→B: only what words of sentence A see in sentence B. Weights are not rescaled."
        sentences = one_of(st.segmented_control, "Sentences", BETWEEN, "filter", help=about)
    whole = (
        not vectors
        and has_pieces(attention)
        and _toggle(
            "Whole words",
            "words",
            "Put the pieces of a word together: weights to them are added up, weights from them averaged.",
        )
    )
    special = _toggle("Hide special tokens", "special", "[CLS], [SEP] and the like.")
    rescaled = (
        special
        and not vectors
        and _toggle(
            "Rescale what is left to 100%",
            "rescaled",
            "Divides each row by what is left of it. A row that gave special tokens everything is empty.",
        )
    )
    return cache.Filters(sentences, whole, special, rescaled, passed_on)


def weighs_what_is_passed_on(model: Known, label: str) -> bool:
    """Draw the choice of what a line, or a ground, weighs; a sentence where a model cannot show it."""
    from attnlit.attention.values import prove_values

    about = (
        "Attention: how strongly a head looks at a token. What is passed on: the length of the vector that "
        "it brings from there. A head may look hard and bring little."
    )
    if one_of(st.segmented_control, label, WEIGHS, "weigh", help=about) == WEIGHS[0]:
        return False
    try:
        prove_values(opening.opened(model))
    except AttnlitError as mistake:
        say.hint(str(mistake))
        return False
    return True


def _toggle(label: str, key: str, about: str) -> bool:
    return st.toggle(label, key=key, help=about, **IN_ADDRESS)


def query(shown: Attention) -> None:
    """Draw the list of tokens from which the query is chosen."""
    words = {token.position: token.text for token in shown.queries}
    st.selectbox(
        "Query token",
        [*words],
        format_func=lambda position: f"{words[position]}  ·  {position}",
        key="query",
        on_change=lambda: chosen.choose_query(st.session_state["query"]),
        help="The token that looks. You can also click it in the picture.",
        width=150,
    )
