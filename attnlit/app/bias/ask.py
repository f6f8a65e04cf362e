"""What the bias page asks for: which prompts, which words to watch, which number; and a link to it all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from attnlit.analysis import bias
from attnlit.analysis.bias import PRESETS, Contrast
from attnlit.app import export, say
from attnlit.app.frame import address
from attnlit.app.frame.controls import IN_ADDRESS, one_of, typed
from attnlit.charts.figure import file_stem, heading
from attnlit.charts.head_map import head_map_picture
from attnlit.wording import quoted
from attnlit.words.bias import MEASURES
from attnlit.words.caption import caption

if TYPE_CHECKING:
    from attnlit.app.frame.request import Choice
    from attnlit.attention import Attention
    from attnlit.models.model import Model

# What a choice is called on the page is what the address calls it, too.
OWN = "Your own"
PAIR, SET = SCOPES = ("One pair", "A set of sentences")
# What a visitor types, by its name in a link with text: label, help.
_FIELDS = {
    "first": ("First prompt", "Everything up to the point where the model goes on."),
    "second": ("Second prompt", "The same with one word swapped, such as He for She."),
    "expected": ("Expected after the first", "How the stereotype would go on after the first prompt."),
    "other": ("Expected after the second", "How it would go on after the second."),
    "watched": (
        "Two words to watch (optional)",
        "Words that are in both prompts, with a comma between them: nurse, doctor.",
    ),
}
MOST_CHARACTERS = 20_000  # of a prompt


def contrast(model: Model) -> tuple[Contrast, tuple[str, ...], str]:
    """Draw the choice of prompts. Returns them, the words to watch, and a note on them, if any."""
    _follow_link()
    by_title = {ready.title: ready for ready in PRESETS.values()}
    start = PRESETS["question"]
    titles = [*by_title, OWN]
    chosen = one_of(
        st.pills, "Pair of prompts", titles, "prompts", default=start.title, on_change=_forget_link,
        label_visibility="collapsed",
    )  # fmt: skip
    if chosen != OWN:
        ready = by_title[chosen]
        return ready.fitted(model), ready.watched, ready.note
    values = {**vars(start.contrast), "watched": ", ".join(start.watched)}
    given = {}
    with st.form("own_prompts"):
        columns = st.columns(2)
        for number, (name, (label, tip)) in enumerate(_FIELDS.items()):
            field = columns[number % 2].text_input
            given[name] = typed(field, label, values[name], f"bias_{name}", MOST_CHARACTERS, help=tip)
        st.form_submit_button("Compare", type="primary", on_click=_forget_link)
    if model.masked:
        say.quiet(f"{model.name} fills gaps: a prompt without {model.mask_token} gets one at its end.")
    watched = tuple(word.strip() for word in given.pop("watched").split(",") if word.strip())
    stripped = {name: text.strip() for name, text in given.items()}
    return bias.with_blank(model, Contrast(**stripped)), watched, ""


def watched(first: Attention, second: Attention, words: Sequence[str]) -> tuple[str, ...]:
    """The words to watch that stand in both prompts; it is said which do not, and nothing else is held up."""
    found = bias.watchable(first, second, words)
    missing = [word for word in words if word not in found]
    if missing:
        names = ", ".join(quoted(word) for word in missing)
        say.hint(
            f"Not watched: {names}. Words to watch are single words that appear in both prompts.",
            icon=":material/visibility_off:",
        )
    return found


def _follow_link() -> None:
    """Take prompts from the address, once for every link that is followed."""
    found = address.linked(_FIELDS)
    if found:
        st.session_state["prompts"] = OWN
        st.session_state.update({f"bias_{name}": found.get(name, "") for name in _FIELDS})


def _forget_link() -> None:
    """After other prompts were chosen or sent the address does not keep the old ones."""
    address.leave(_FIELDS)


def measure(effects_known: bool) -> str:
    """Which number of a head the map shows; where effects are not measured yet, how differently it looks."""
    if not effects_known:
        return "difference"
    names = {label: name for name, label in MEASURES.items()}
    return names[one_of(st.segmented_control, "**Which heads?** Colour by", [*names], "measure")]


def filtered() -> bool:
    """Whether only sentences with the expected effect are averaged."""
    return st.toggle(
        "Only sentences with the expected effect",
        key="expected_only",
        help="As in the paper: total effect above 0, without the quarter of these with the smallest effect.",
        **IN_ADDRESS,
    )


def menus(
    choice: Choice, drawn: Mapping[str, Any], code: Sequence[str], about: str, texts: Sequence[str] = ()
) -> None:
    """The menus: links that restore the page, one with one's own prompts; the map as a file, and its code.

    drawn: as `effects.head_map` returns it; empty where there is no map. about, texts: for its caption.
    """
    typed = st.session_state.get("prompts") == OWN
    own = {name: st.session_state.get(f"bias_{name}", "") for name in _FIELDS} if typed else {}
    below = caption(choice.known.name, choice.known.identity, texts, (about,))
    picture = export.Figure(
        lambda: head_map_picture(**drawn), heading(choice.known.name), below,
        file_stem(choice.known.name, "bias"),
    )  # fmt: skip
    export.menus(
        choice.model,
        export.Link(choice, own, "prompts", typed),
        picture if drawn else None,
        {"title": picture.title, "caption": below},
        code=code,
    )
