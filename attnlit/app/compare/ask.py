"""What the page asks for: what is compared with what, which two words, and a link to it all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from attnlit.analysis.ablation import HOW
from attnlit.analysis.patching import OUTPUT, PATTERN
from attnlit.app import cache, say
from attnlit.app.compare.presets import PRESETS, use
from attnlit.app.frame import address, sidebar
from attnlit.app.frame.controls import one_of, typed
from attnlit.models import limits
from attnlit.models.catalogue import CATALOGUE
from attnlit.words.compare import HOW_HEADS_GO, SHOWN

if TYPE_CHECKING:
    import pandas as pd

    from attnlit.analysis.compare import Comparison
    from attnlit.app.frame.request import Request
    from attnlit.models.model import Model

TEXTS, MODELS, TRAINING = SIDES = ("Two texts", "Two models", "Before training")
ALIKE, SAME = HEADS = ("The head most like it", "The same number")
# What is typed here, by its name in a link with text: key of the control, what it begins with.
_FIELDS = {"second": "compare_second", "expected": "compare_one", "other": "compare_other", "until": "until"}
# Goes with the text that the sidebar begins with. It differs early, as later words alone can look at it.
SECOND = "The dog sat on the mat because it was warm."
_WORD = 60  # characters


def sides() -> str:
    """Draw the choice of what is held against what, and pairs of texts to try."""
    _follow_link()
    with st.container(horizontal=True, vertical_alignment="center"):
        side = one_of(st.segmented_control, "Compare", SIDES, "sides", label_visibility="collapsed")
        if side == TEXTS:
            _offer_presets()
    return side


def _offer_presets() -> None:
    with st.container(horizontal=True, vertical_alignment="center", width="content"):  # one line on a phone
        st.markdown("Try:", width="content")
        for preset in PRESETS:
            st.button(
                preset.title, key=f"preset_{preset.title}", type="tertiary", on_click=use, args=(preset,)
            )


def second_text() -> tuple[str, tuple[str, str] | None]:
    """Draw the fields for the second text and two words; the words are None where they were left empty."""
    with st.form("compare_texts"):
        most = sidebar.most_characters()
        text = typed(
            st.text_input, "Second text", _begin_with(), _FIELDS["second"], most,
            help="The first text is the sidebar's sentence A. Change a word of it here.",
        )  # fmt: skip
        *columns, last = st.columns([3, 3, 1], vertical_alignment="bottom")
        words = [
            typed(column.text_input, label, "", _FIELDS[name], _WORD, placeholder=hint)
            for column, (name, label, hint) in zip(
                columns,
                (
                    ("expected", "Word after the first text", "the likeliest after the first text"),
                    ("other", "Word after the second text", "the likeliest after the second text"),
                ),
                strict=True,
            )
        ]
        with last:
            st.form_submit_button("Compare", type="primary", on_click=_forget_link, width="stretch")
    one, other = (word.strip() for word in words)
    if bool(one) != bool(other):
        say.hint("Type both words, or neither: without them, the likeliest word after each text is taken.")
    return text, ((one, other) if one and other else None)


def _begin_with() -> str:
    """Beside the text that everybody begins with stands one that differs in a word; beside one's own none."""
    return SECOND if (st.session_state.get("text") or sidebar.TEXT) == sidebar.TEXT else ""


def second_model(request: Request) -> Model | None:
    """Draw the choice of the second model, and open it; None where this server cannot hold two."""
    if not _can_hold_two():
        return None
    other = next(each.id for each in CATALOGUE if each.id != request.model.source)
    model = sidebar.model_box("Second model", "with_model", other, st.container())
    for note in model.notes:
        say.quiet(note)
    return model


def before_training(request: Request) -> Model | None:
    """The same model with random weights; None where this server cannot hold two."""
    return cache.before_training(request.model) if _can_hold_two() else None


def _can_hold_two() -> bool:
    """Whether this server keeps two models at a time; where it does not, that is said."""
    if limits.models_kept() >= 2:
        return True
    say.hint("This server keeps one model at a time, so two cannot be compared. Compare two texts instead.")
    return False


def beside(found: Comparison, table: pd.DataFrame, layer: int, head: int) -> tuple[int, int]:
    """Draw the choice of which head of the second model stands beside the first's; its layer and number.

    table: as `attnlit.analysis.compare.most_alike` gives it.
    """
    options = HEADS if layer in found.second.layer_numbers and head < found.second.heads else HEADS[:1]
    if one_of(st.segmented_control, "Beside it", options, "beside") == SAME:
        return layer, head
    row = table[(table["layer"] == layer) & (table["head"] == head)].iloc[0]
    return int(row["other_layer"]), int(row["other_head"])


def what() -> str:
    """Draw the choice of what is patched: where a head looks, or what it puts out."""
    names = {"Output": OUTPUT, "Pattern": PATTERN}
    return names[one_of(st.segmented_control, "Patch", [*names], "patched")]


def shown() -> str:
    """Draw the choice of the direction that the map shows."""
    names = {label: name for name, label in SHOWN.items()}
    return names[one_of(st.segmented_control, "Direction", [*names], "direction")]


def until() -> tuple[str, str]:
    """Draw the word that is to win, and the way in which heads are switched off."""
    with st.form("until_word"):
        left, right = st.columns([2, 3], vertical_alignment="bottom")
        word = typed(left.text_input, "The word that should win", "", _FIELDS["until"], _WORD)
        with right.container(horizontal=True):
            st.form_submit_button("Use this word", on_click=_forget_link)
    how = one_of(st.segmented_control, "A head that is off", HOW, "until_how", help=HOW_HEADS_GO)
    return word.strip(), how


def own(side: str) -> dict[str, str]:
    """What was typed on this page, by the names that a link gives it."""
    values = {name: st.session_state.get(key) or "" for name, key in _FIELDS.items()}
    if side != TEXTS:
        del values["second"], values["expected"], values["other"]
    begins = values.get("second") == _begin_with()
    return {name: value for name, value in values.items() if value and not (name == "second" and begins)}


def _follow_link() -> None:
    """Take what a link says of the fields of this page, once for every link that is followed."""
    found = address.linked(_FIELDS)
    for name, value in found.items():
        st.session_state[_FIELDS[name]] = value


def _forget_link() -> None:
    address.leave(_FIELDS)
