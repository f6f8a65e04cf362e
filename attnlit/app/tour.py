"""A tour over the real pages: a strip above the page says what to look at; leave and come back at any step.

The step stands in the address: a link, "back" and a reload keep it. How far one got stays in the session.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import streamlit as st

from attnlit.app.frame import classroom
from attnlit.app.frame.cards import HOME
from attnlit.words.glossary import explained

_KEY = "tour"  # in the address: the step, counted from 1
_REACHED = "tour_reached"  # in the session: the step where the visitor was last


@dataclass(frozen=True)
class Step:
    """One step: a page, what to look at there, and the terms that it needs."""

    script: str
    title: str
    says: str
    terms: tuple[str, ...]
    # What the page's address says beside.
    params: Mapping[str, str] = field(default_factory=dict)


STEPS = (
    Step(
        "head_view", "One head, one job",
        "Each line is one look: the word on the left takes from the word on the right. This head looks at "
        "the word before. Choose other words: does it ever do anything else?",
        ("token", "head", "attention"), {"example": "previous"},
    ),
    Step(
        "head_view", "Said twice",
        "The names come back. The second time, this head looks at what *followed* the first time. "
        "Where nothing repeats, it rests on the first token.",
        ("induction head", "attention sink"), {"example": "induction"},
    ),
    Step(
        "model_view", "All heads at once",
        "One small picture a head, layers downwards. How many show a fan into the first token? Click a few.",
        ("layer", "attention sink"), {"example": "resting"},
    ),
    Step(
        "neuron_view", "Inside one look",
        "Query times key, dimension by dimension, makes a score; the softmax turns scores into weights.",
        ("query", "key", "score", "softmax"), {"example": "inside"},
    ),
    Step(
        "patterns", "What is each head for?",
        "Every head is scored over many sentences. Choose another score, then click its strongest head.",
        ("previous-token head", "untrained model"),
    ),
    Step(
        "bias", "Swap one word",
        "*She* becomes *he*: how much does the model's guess change, and through which heads?",
        ("logits", "ablation"),
    ),
    Step(
        "flow", "Through the layers",
        "Each layer, from left to right, mixes again. What is one word made of in the end?",
        ("residual stream", "rollout", "uniform attention"),
    ),
    Step(
        "lessons", "Your turn",
        "Six lessons: predict, look, switch a head off. Alone, or with a class.",
        ("ablation",),
    ),
)  # fmt: skip


def strip(script: str) -> None:
    """On a page of the tour: what to look at, and the steps before and after it; at home, the way in."""
    number = _number()
    if script == HOME.script:
        _way_in()
    elif number is not None and STEPS[number].script == script:
        st.session_state[_REACHED] = number
        _step(number)


def _number() -> int | None:
    """The step that the address names, counted from 0."""
    asked = st.query_params.get(_KEY, "")
    number = int(asked) - 1 if asked.isdecimal() and len(asked) < 3 else -1
    return number if number in range(len(STEPS)) else None


def _way_in() -> None:
    reached = st.session_state.get(_REACHED, 0)
    on = f"Continue the tour: step {reached + 1} of {len(STEPS)}"
    label = on if reached else f"Take the tour, {len(STEPS)} steps"
    _link(reached, label, ":material/tour:")


def _step(number: int) -> None:
    step = STEPS[number]
    with st.container(border=True, key="tour_strip"):
        title = step.title if step.title.endswith("?") else f"{step.title}."
        st.markdown(f"**{number + 1} of {len(STEPS)} · {title}** {step.says}")
        with st.container(horizontal=True, vertical_alignment="center"):
            if number:
                _link(number - 1, "Back", ":material/chevron_left:")
            if number + 1 < len(STEPS):
                _link(number + 1, f"Next: {STEPS[number + 1].title}", ":material/chevron_right:")
            with st.popover("Terms", icon=":material/help:"):
                st.markdown(explained(*step.terms))
            st.button("Leave the tour", type="tertiary", on_click=_leave)


def _link(number: int, label: str, icon: str) -> None:
    step = STEPS[number]
    params = {**step.params, _KEY: str(number + 1)}
    # The page's own tip would lie over the words of the next step, as the pointer rests where it was clicked.
    classroom.page_link(step.script, label=label, icon=icon, query_params=params, width="content", help="")


def _leave() -> None:
    st.query_params.pop(_KEY, None)
