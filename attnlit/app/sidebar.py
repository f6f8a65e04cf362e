"""The shared sidebar: model, text, layer, heads, sentence filter. A page shows only the controls it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from attnlit.app import cache, say, state
from attnlit.app.frame.controls import IN_ADDRESS, drop_invalid_choice, one_of, some_of, typed
from attnlit.charts.theme import DARK, LIGHT, Theme
from attnlit.models import limits
from attnlit.models.catalogue import CATALOGUE

if TYPE_CHECKING:
    from attnlit.attention import Attention
    from attnlit.models.model import Model

_CHARACTERS = 40  # that may be typed for each token that may be read


def draw(controls: frozenset[str]) -> state.Request:
    """Draw the controls that the page needs and answer them with the attention that they ask for.

    Raises AttnlitError where the answer is a sentence; what was typed stays in the session.
    """
    state.follow_link()
    with st.sidebar:
        model = _model()
        text, pair = _text(model)
        whole = "whole" in controls
        kind = _kind(model)
        layer, heads = state.last_head(model, kind) if whole else _layer_and_heads(model, kind, controls)
        with st.spinner("Reading the text …", show_time=True):
            attention = cache.attention(model, text, pair)[kind]
        _unknown(model, attention)
        filters = cache.Filters() if whole else _filters(attention, vectors="query" in controls)
        shown = cache.filtered(model, text, pair, kind, filters)
        position = state.settle_query(attention, shown)
        if "query" in controls:
            _query(shown)
    query = [token.position for token in shown.queries].index(position)
    return state.Request(model, kind, layer, heads[0], theme(), attention, shown, heads, query)


def draw_model() -> state.Choice:
    """Draw the model, the layer and the head alone, for a page that brings its own texts."""
    with st.sidebar:
        model = _model()
        kind = _kind(model)
        layer, heads = _layer_and_heads(model, kind, frozenset())
        return state.Choice(model, kind, layer, heads[0], theme())


def theme() -> Theme:
    """The theme that the visitor sees. Streamlit may not know it yet in a session's first run: light then."""
    return DARK if st.context.theme.type == "dark" else LIGHT


def _model() -> Model:
    about = {
        each.id: each.about + ("" if each.bundled else f" {each.megabytes} MB to fetch.")
        for each in CATALOGUE
    }
    if not limits.any_model():
        drop_invalid_choice(
            "model", list(about), "mini-gpt2", "this server opens only the models of its list"
        )
    name = st.selectbox(
        "Model",
        list(about),
        key="model",
        on_change=state.forget_query,
        accept_new_options=limits.any_model(),
        help="The first two come with attnlit; the others are fetched from the Hugging Face hub."
        + (" You can also type any text model's name there, or a folder." if limits.any_model() else ""),
        **IN_ADDRESS,
    )
    if not isinstance(name, str) or not (limits.any_model() or name in about):
        name = "mini-gpt2"  # a forged message
    if name in about:
        say.quiet(about[name])
    model = cache.load_model(name)
    for note in model.notes:
        say.quiet(note)
    return model


def _text(model: Model) -> tuple[str, str]:
    second, label, start = (
        ("target", "Target text", "")
        if model.pairs == "target"
        else ("pair", "Sentence B (optional)", state.PAIR)
    )
    # The starting texts are the fields' own values. Set in the session they would win over what a browser
    # still shows when it comes back after its session has ended, and be gone after a page switch at once.
    with st.form("texts", border=False):
        most = limits.max_tokens() * _CHARACTERS
        text = typed(st.text_area, "Sentence A", state.TEXT, "text", most, height=80)
        hint = "Leave it empty and the model writes it." if second == "target" else ""
        pair = typed(st.text_area, label, start, second, most, height=80, placeholder=hint)
        st.form_submit_button(
            "Show attention", type="primary", on_click=state.forget_old_text, width="stretch"
        )
    return text, pair


def _unknown(model: Model, attention: Attention) -> None:
    """Say it where the model does not know what was typed: to it all such words are one and the same."""
    unknown = model.unknown_id
    tokens = [token for token in attention.queries if not token.special]
    count = sum(token.id == unknown for token in tokens)
    if count:
        say.quiet(
            f"{model.name} does not know {count} of these {len(tokens)} tokens: it reads each of them as "
            f"{model.unknown_token}."
        )


def _kind(model: Model) -> str:
    if len(model.kinds) == 1:
        return model.kinds[0]
    return one_of(
        st.segmented_control,
        "Attention",
        model.kinds,
        "kind",
        but=f"{model.name} has {', '.join(model.kinds)}",
        on_change=state.forget_query,
        help="Encoder: the text on itself. Decoder: the target on its past. Cross: the target on the text.",
    )


def _layer_and_heads(model: Model, kind: str, controls: frozenset[str]) -> tuple[int, tuple[int, ...]]:
    """The layer, and its chosen head; or heads, where the page shows several."""
    layers, heads = model.layers_of(kind), model.heads_of(kind)
    but = f"{model.name} has layers {_span(layers)}"
    layer = one_of(st.pills, "Layer", range(layers), "layer", but=but)
    but = f"{model.name} has heads {_span(heads)}"
    if "heads" not in controls:
        return layer, (one_of(st.pills, "Head", range(heads), "head", but=but),)
    chosen = some_of("Heads", range(heads), "heads", but=but, help="None chosen: all.")
    return layer, tuple(chosen) or tuple(range(heads))


def _filters(attention: Attention, *, vectors: bool) -> cache.Filters:
    """The chosen filters. `vectors`: the page shows queries and keys, and weights that are their softmax.

    Words have none, and rescaled rows are none, so that page has neither filter.
    """
    from attnlit.attention.filters import BETWEEN, has_pair
    from attnlit.attention.words import has_pieces

    sentences = BETWEEN[0]
    if has_pair(attention):
        sentences = one_of(
            st.segmented_control,
            "Sentences",
            BETWEEN,
            "filter",
            help="A→B: only what words of sentence A see in sentence B. This rescales no weight.",
        )
    whole = not vectors and has_pieces(attention)
    whole = whole and st.toggle(
        "Whole words",
        key="words",
        help="Put the pieces of a word together: weights to them are added up, weights from them averaged.",
        **IN_ADDRESS,
    )
    special = st.toggle(
        "Hide special tokens", key="special", help="[CLS], [SEP] and their like.", **IN_ADDRESS
    )
    rescaled = special and not vectors
    rescaled = rescaled and st.toggle(
        "Rescale what is left to 100%",
        key="rescaled",
        help="Divides each row by what the special tokens leave of it. A row that gave them all is empty.",
        **IN_ADDRESS,
    )
    return cache.Filters(sentences, whole, special, rescaled)


def _query(shown: Attention) -> None:
    words = {token.position: token.text for token in shown.queries}
    st.selectbox(
        "Query token",
        list(words),
        format_func=lambda position: f"{words[position]}  ·  {position}",
        key="query",
        on_change=lambda: state.choose_query(st.session_state["query"]),
        help="The token that looks. You can also click it in the picture.",
    )


def _span(count: int) -> str:
    return "0 only" if count == 1 else f"0 to {count - 1}"
