"""The sidebar: which model, which text, which layer and which head or heads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from attnlit.app import cache, say
from attnlit.app.frame import address, chosen, go_on, kept_text, link, opening, told
from attnlit.app.frame.controls import IN_ADDRESS, drop_invalid_choice, one_of, some_of, typed
from attnlit.errors import AttnlitError
from attnlit.models import limits
from attnlit.models.catalogue import CATALOGUE

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from attnlit.app.frame.cards import PageCard
    from attnlit.app.frame.opening import Known
    from attnlit.attention import Attention
    from attnlit.models.model import Model

TEXT = "The cat sat on the mat because it was warm."
PAIR = "The dog lay down on the rug near the cat."
FIRST_MODEL = "mini-gpt2"
FEW = 15  # layers or heads: more of them are a list to choose from, not a row of buttons
_CHARACTERS = 40  # that may be typed for each token that may be read


@dataclass(frozen=True)
class Asked:
    """What the sidebar says."""

    known: Known
    kind: str
    layer: int
    heads: tuple[int, ...]
    text: str = ""
    pair: str = ""
    attention: Attention | None = None


def draw(card: PageCard) -> Asked:
    """Draw the controls that a page needs. Raises AttnlitError in words; what was typed stays."""
    controls = card.controls
    followed = link.follow()
    chosen.take_up()
    above = st.container()  # of the page: what is asked and said of a model that is not here yet
    with st.sidebar:
        model = _model(above, from_record=card.from_record)
        if "text" not in controls:
            kind = _kind(model, answers="answers" in controls)
            return Asked(model, kind, *_layer_and_heads(model, kind, controls))
        text, pair = _text(model)
        go_on.go_on(model, text, pair)
        kept_text.keep(own_texts(model), from_a_link=followed)
        kind = _kind(model)
        try:
            model, attention = _read(model, text, pair, kind, above)
        except AttnlitError:
            _layer_and_heads(model, kind, controls)  # they stay, whatever the text is
            raise
        _say_what_is_unknown(model, attention)
        _hint_at_sentence_b(model, text, pair)
        if "whole" not in controls:
            chosen.begin(attention, at_the_end="unfiltered" in controls)
        layer, heads = _layer_and_heads(model, kind, controls)
        return Asked(model, kind, layer, heads, text, pair, attention)


def _read(model: Known, text: str, pair: str, kind: str, above: DeltaGenerator) -> tuple[Known, Attention]:
    """The attention of a text: recorded, or what the model says, which then is open."""
    if not opening.is_open(model):
        from attnlit.app.recorded import store

        record = store.find(model.name, text, pair)
        if record is not None:
            return model, record
        with above:
            model = opening.opened(model)
    place = st.container()  # drawn in any case, so that what follows stays in its place
    if cache.is_read(model, text, pair):  # a spinner starts a thread
        return model, cache.attention(model, text, pair)[kind]
    with place, st.spinner("Reading the text …", show_time=True):
        return model, cache.attention(model, text, pair)[kind]


def _model(above: DeltaGenerator, *, from_record: bool) -> Known:
    anything = " You can also type any text model's name there, or a folder." if limits.any_model() else ""
    name = _model_name(
        "Model",
        "model",
        FIRST_MODEL,
        on_change=address.forget_by_hand,
        help="The first two come with attnlit; the others are fetched from the Hugging Face hub." + anything,
    )
    known: Known | None = opening.recorded_model(name) if from_record else None
    if known is None:
        with above:
            known = _told(opening.open_model(name, FIRST_MODEL))
    say.quiet(*known.notes)
    return known


def model_box(label: str, key: str, first: str, above: DeltaGenerator) -> Model:
    """Draw a choice of one of the models that may be opened here, and open it.

    first: what it begins with. above: where it is asked and said what a model needs that is not here yet.
    """
    name = _model_name(label, key, first)
    with above:
        return opening.open_model(name, first, key)


def _model_name(label: str, key: str, first: str, **more: Any) -> str:
    about = {
        each.id: each.about + ("" if each.bundled else f" {each.megabytes} MB to fetch.")
        for each in CATALOGUE
    }
    anything = limits.any_model()
    if not anything:
        drop_invalid_choice(key, [*about], first, "this server opens only the models on its list")
    name = st.selectbox(
        label,
        [*about],
        index=[*about].index(first),
        key=key,
        accept_new_options=anything,
        **more,
        **IN_ADDRESS,
    )
    if not isinstance(name, str) or not (anything or name in about):  # whatever a browser sends
        name = first
    if name in about:
        say.quiet(about[name])
    return name


def _told(model: Model) -> Model:
    """A model that translates between many languages, told which; every other one as it is."""
    from attnlit.attention.languages import languages_of  # imports numpy, for which the frame does not wait

    codes = languages_of(model)
    if not codes:
        return model

    def ask(label: str, key: str, likely: tuple[str, ...]) -> str:
        first = next((code for code in likely if code in codes), codes[0])
        but = f"{model.name} knows {len(codes)} languages by codes such as {codes[0]}"
        return one_of(st.selectbox, label, codes, key, default=first, but=but)

    source = ask("Language of the text", "reads", ("en", "eng_Latn", "en_XX"))
    target = ask("Language to write", "writes", ("de", "deu_Latn", "de_DE"))
    return cache.in_languages(model, source, target)


def _text(model: Known) -> tuple[str, str]:
    """(text, second text)"""
    target = model.pairs == "target"
    second, label = ("target", "Target text") if target else ("pair", "Sentence B (optional)")
    # The starting texts are the fields' own values. Set in the session they would win over what a browser
    # still shows when it comes back after its session has ended, and be gone after a page switch at once.
    start = PAIR if model.pairs == "segments" else ""
    go_on.take_up()
    with st.form("texts", border=False):
        most = most_characters()
        text = typed(st.text_area, "Sentence A", TEXT, "text", most, height=80)
        hint = "Leave it empty and the model writes it." if target else ""
        pair = typed(st.text_area, label, start, second, most, height=80, placeholder=hint)
        with st.container(horizontal=True):
            st.form_submit_button("Show attention", type="primary", on_click=link.leave_text, width="stretch")
            goes_on = go_on.can(model) and go_on.offer()
    if goes_on:
        go_on.ask()
    return text, pair


def most_characters() -> int:
    """How long a text may be that is typed here."""
    return limits.max_tokens() * _CHARACTERS


def own_texts(model: Known) -> dict[str, str]:
    """What was typed, by the names that a link gives it."""
    second = "target" if model.pairs == "target" else "pair"
    return {name: st.session_state.get(name) or "" for name in ("text", second)}


def was_typed(model: Known) -> bool:
    """Whether somebody has typed these texts, or they are those that everybody begins with."""
    text, second = own_texts(model).values()
    return text != TEXT or second not in ("", PAIR)


def _say_what_is_unknown(model: Known, attention: Attention) -> None:
    """Say it where the model does not know what was typed: to it all such words are one and the same."""
    tokens = [token for token in attention.queries if not token.special]
    unknown = model.unknown_id  # asked once: the tokenizer looks it up
    count = sum(token.id == unknown for token in tokens)
    if count:
        say.quiet(
            f"{model.name} does not know {count} of these {len(tokens)} tokens: it reads each of them as "
            f"{model.unknown_token}."
        )


def _hint_at_sentence_b(model: Known, text: str, pair: str) -> None:
    """A typed [SEP] makes no second sentence, with its filters and colours: the other field does."""
    mark = model.separator
    if mark and mark in text and not pair and model.pairs == "segments":
        say.hint(
            f"{mark} is read as a mark inside sentence A. For two sentences, type the second one below it."
        )


def _kind(model: Known, *, answers: bool = False) -> str:
    """answers: it begins with what an answer looks at in the text, where that is another one."""
    if len(model.kinds) == 1:
        return model.kinds[0]
    return one_of(
        st.segmented_control,
        "Attention",
        model.kinds,
        "kind",
        default=model.kinds[-1 if answers else 0],
        but=f"{model.name} has {', '.join(model.kinds)}",
        on_change=address.forget_by_hand,
        help="Encoder: the text looks at itself. Decoder: the target looks back at itself. Cross: the target "
        "looks at the text.",
    )


def _layer_and_heads(model: Known, kind: str, controls: frozenset[str]) -> tuple[int, tuple[int, ...]]:
    if "whole" in controls:
        layer, head = chosen.last_head(model.numbers_by_kind[kind], model.heads_of(kind))
        return layer, (head,)
    return _layer(model, kind), _heads(model, kind, controls)


def _layer(model: Known, kind: str) -> int:
    numbers = model.numbers_by_kind[kind]
    draw = st.pills if len(numbers) <= FEW else st.selectbox
    but = f"{model.name} has {_layers(numbers)}"
    layer = one_of(draw, "Layer", numbers, "layer", but=but, **_noted("layer"))
    told.drawn("layer", layer)
    return layer


def _heads(model: Known, kind: str, controls: frozenset[str]) -> tuple[int, ...]:
    count = model.heads_of(kind)
    but = f"{model.name} has heads {_span(count)}"
    if "heads" not in controls:
        draw = st.pills if count <= FEW else st.selectbox
        head = one_of(draw, "Head", range(count), "head", but=but, **_noted("head"))
        told.drawn("head", head)
        return (head,)
    options = [chosen.ALL, *range(count)]
    draw = st.pills if count <= FEW else st.multiselect
    some = some_of(draw, "Heads", options, "heads", default=chosen.ALL, but=but, **_noted("heads"))
    chosen.note_heads(some)
    return tuple(range(count)) if chosen.ALL in some else tuple(some)


def _noted(name: str) -> dict[str, Any]:
    return {"on_change": told.note_change, "args": (name,)}


def _layers(numbers: Sequence[int]) -> str:
    """ "layers 0 to 5", and of a hybrid "attention in layers 3, 7, 11"."""
    if tuple(numbers) == tuple(range(len(numbers))):
        return f"layers {_span(len(numbers))}"
    return f"attention in layers {', '.join(map(str, numbers))}"


def _span(count: int) -> str:
    return "0 only" if count == 1 else f"0 to {count - 1}"
