"""What the answer page asks for: a prompt or a message, how the model is to write; and a link to it all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from attnlit.app import export
from attnlit.app.frame import address, sidebar
from attnlit.app.frame.controls import number, one_of, typed
from attnlit.app.frame.go_on import MOST_SEED, TEMPERATURES
from attnlit.attention.chat import template_of

if TYPE_CHECKING:
    from attnlit.app.frame.request import Choice
    from attnlit.models.model import Model

PROMPT = "The doctor opened the letter, read it slowly, and"
MESSAGE = "Why is the sky blue?"
CHAT, TEXT = FORMS = ("Conversation", "Plain text")
LENGTHS = (20, 40, 80, 160)  # tokens
# What a visitor types, by its name in a link with text.
_FIELDS = ("prompt", "system")


@dataclass(frozen=True)
class Question:
    """What is asked, and how the model is to answer it."""

    prompt: str
    system: str
    # Whether the model's chat template stands around it.
    chat: bool
    length: int
    temperature: float
    seed: int

    @property
    def messages(self) -> list[dict[str, str]] | None:
        """The conversation; None for a plain text."""
        if not self.chat:
            return None
        system = [{"role": "system", "content": self.system}] if self.system.strip() else []
        return [*system, {"role": "user", "content": self.prompt}]


def question(model: Model) -> Question:
    """Draw what is asked for, and return it."""
    _follow_link()
    chat = False
    if template_of(model) is not None:
        chat = one_of(st.segmented_control, "Ask as", FORMS, "form", help=_about_forms()) == CHAT
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    with left:
        prompt, system = _texts(model, chat)
    with right:
        length, temperature, seed = _how()
    return Question(prompt, system, chat, length, temperature, seed)


def _how() -> tuple[int, float, int]:
    """(tokens at most, temperature, number of the draw)"""
    with st.popover("How it writes", icon=":material/tune:"):
        length = one_of(st.segmented_control, "Maximum tokens", LENGTHS, "length", default=40)
        temperature = one_of(
            st.segmented_control,
            "Temperature",
            TEMPERATURES,
            "temperature",
            default=0.5,
            help="0: always the likeliest word. Above 0 words are drawn at random: at 1 with the model's own "
            "probabilities, below 1 with more of the likely words, above 1 with more of the others.",
        )
        if not temperature:
            return length, temperature, 0
        but = f"draws are numbered 0 to {MOST_SEED}"
        return length, temperature, number("Another draw", MOST_SEED, "seed", default=0, but=but)


def _about_forms() -> str:
    return (
        "Conversation: your words are put into the model's own chat template. Plain text: the model goes on "
        "with exactly what you type."
    )


def _texts(model: Model, chat: bool) -> tuple[str, str]:
    """(what is asked, what the system says)"""
    most, system = sidebar.most_characters(), ""
    with st.form("answer", border=False):
        if chat:
            tip = "What the model is told before the conversation. Some models take no such message."
            system = typed(st.text_input, "System message (optional)", "", "answer_system", most, help=tip)
        label = "Message" if chat else "Text to answer" if model.pairs == "target" else "Text to continue"
        start = MESSAGE if chat else PROMPT
        prompt = typed(
            st.text_area, label, start, "answer_chat" if chat else "answer_prompt", most, height=80
        )
        st.form_submit_button("Let it write", type="primary", on_click=_forget_link)
    return prompt, system


def _follow_link() -> None:
    """Take a prompt from the address, once for every link that is followed."""
    found = address.linked(_FIELDS)
    if found:
        st.session_state["answer_prompt"] = st.session_state["answer_chat"] = found.get("prompt", "")
        st.session_state["answer_system"] = found.get("system", "")


def _forget_link() -> None:
    """After something else was sent nothing keeps what belonged to the old text."""
    address.forget_by_hand()
    address.leave(_FIELDS)


def link(choice: Choice, asked: Question) -> export.Link:
    """What restores the page."""
    own = {"prompt": asked.prompt} | ({"system": asked.system} if asked.system.strip() else {})
    return export.Link(choice, own, "prompt", asked.prompt not in (PROMPT, MESSAGE) or "system" in own)
