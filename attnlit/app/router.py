"""One router for all pages: navigation, title, sidebar, and mistakes answered in words.

Streamlit runs a file of `pages/` *alone* when a deep link arrives before anybody has opened `/` (after every
wake-up of a sleeping server). So each page begins with `ask()` or `ensure_routed()`: if the router is not at
work in this run, it takes over, draws the frame, and runs the page as it would have been.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import streamlit as st
from streamlit.runtime.scriptrunner_utils.exceptions import ScriptControlException

from attnlit.app import history, say, sidebar, start, state
from attnlit.app.frame import address
from attnlit.errors import AttnlitError

_PAGES = Path(__file__).parents[2] / "pages"
_ICON = str(Path(__file__).with_name("icon.svg"))
_this_run = threading.local()  # Streamlit gives every script run a thread of its own


@dataclass(frozen=True)
class PageCard:
    """What the navigation says of a page, and which controls it needs in the sidebar."""

    file: str
    title: str
    icon: str
    # One sentence under the title.
    lead: str
    # What the sidebar asks: "text", "head" or "heads", "query"; or "whole", for a page that looks at all
    # layers and tokens at once: it has no layer, head and filter.
    controls: frozenset[str] = frozenset()
    # Heading in the navigation.
    section: str = ""
    # What the page's own controls are called in the address.
    keys: frozenset[str] = frozenset()

    @property
    def all_keys(self) -> frozenset[str]:
        """Every name that an address of this page may hold."""
        return self.keys.union(*(_KEYS_OF[control] for control in self.controls))


# What the controls of the sidebar are called in the address.
_KEYS_OF = {
    "text": frozenset(
        {
            "model",
            "kind",
            "layer",
            "example",
            "text",
            "pair",
            "target",
            "filter",
            "words",
            "special",
            "rescaled",
        }
    ),
    "model": frozenset({"model", "kind", "layer"}),
    "head": frozenset({"head"}),
    "heads": frozenset({"heads"}),
    "whole": frozenset(),
    "query": frozenset({"query"}),
}
VIEWS, QUESTIONS = "Views", "Questions"  # the paper's three views and its three uses
BEYOND = "Beyond the weights"
PAGES = (
    PageCard("home.py", "attnlit", ":material/home:", "See what the attention of a language model does."),
    PageCard(
        "head_view.py",
        "Head view",
        ":material/grid_goldenratio:",
        "Which words look at which? Each line is one look, each colour one head of the chosen layer.",
        frozenset({"text", "heads"}),
        VIEWS,
    ),
    PageCard(
        "model_view.py",
        "Model view",
        ":material/apps:",
        "Every head of every layer at once. Click a thumbnail to see that head large.",
        frozenset({"text", "head"}),
        VIEWS,
    ),
    PageCard(
        "neuron_view.py",
        "Neuron view",
        ":material/neurology:",
        "Where a weight comes from: the query meets each key, dimension by dimension.",
        frozenset({"text", "head", "query"}),
        VIEWS,
    ),
    PageCard(
        "bias.py",
        "Bias",
        ":material/balance:",
        "Swap one word, she for he: what changes in the model's guess, and through which heads?",
        frozenset({"model", "head"}),
        QUESTIONS,
        frozenset(
            {
                "scope",
                "prompts",
                "measure",
                "expected_only",
                "first",
                "second",
                "expected",
                "other",
                "watched",
            }
        ),
    ),
    PageCard(
        "patterns.py",
        "Patterns",
        ":material/pattern:",
        "What is each head for? Every head of the model, scored for each role that research has named.",
        frozenset({"text", "head"}),
        QUESTIONS,
        frozenset({"over", "score"}),
    ),
    PageCard(
        "neurons.py",
        "Neurons",
        ":material/trending_down:",
        "Which heads look less the farther away a word is, and which few dimensions make it so?",
        frozenset({"text", "head", "query"}),
        QUESTIONS,
        frozenset({"with_first", "dimensions", "key_token"}),
    ),
    PageCard(
        "flow.py",
        "Flow",
        ":material/account_tree:",
        "Layer by layer, a token takes in parts of others. What is it made of in the end?",
        frozenset({"text", "whole", "query"}),
        BEYOND,
        frozenset({"way", "alone"}),
    ),
)


def run() -> None:
    """Draw the frame and run the page that the address names."""
    st.set_page_config(page_title="attnlit", page_icon=_ICON, layout="wide")
    st.logo(_ICON, size="large")
    pages = {
        card.file.removesuffix(".py"): (
            card,
            st.Page(
                _PAGES / card.file,
                title="Home" if card.file == "home.py" else card.title,
                icon=card.icon,
                default=card.file == "home.py",
                help=card.lead,
            ),
        )
        for card in PAGES
    }
    sections: dict[str, list[Any]] = {}
    for each, page in pages.values():
        sections.setdefault(each.section, []).append(page)
    chosen = st.navigation(sections)
    card = pages[chosen.url_path or "home"][0]
    address.clean()
    state.note_arrival(card.file)
    st.title(card.title, anchor=False)
    st.markdown(card.lead)
    history.one_step_a_click()
    try:
        if card.controls:  # home has none: it shows its words first
            start.prepare_process()  # after the title: a cold server shows at once that it is there
        # The sidebar is drawn here, not by the page: what the address says of it would be lost with each step
        # "back" to another page, because Streamlit takes it for something that only the page just left asks.
        asked = _ask(card)
        with _routing(card, asked):
            chosen.run()
        start.build_specs()
    except AttnlitError as mistake:  # a user's mistake: its message says what to do
        say.warn(str(mistake))
    except (ScriptControlException, KeyboardInterrupt, SystemExit):  # Streamlit ends or restarts the run
        raise
    except BaseException as fault:  # as a panic in Rust is, which no Exception
        say.unforeseen(fault)


def ensure_routed() -> None:
    """A page's first line: hand over to the router unless the router called."""
    if not getattr(_this_run, "card", None):
        run()
        st.stop()


def ask() -> state.Request:
    """A page's first line, where the sidebar asks for a text: what was chosen there."""
    ensure_routed()
    return cast("state.Request", _this_run.asked)


def ask_model() -> state.Choice:
    """The same for a page that brings its own texts: only model, layer and head are asked for."""
    ensure_routed()
    return cast("state.Choice", _this_run.asked)


def _ask(card: PageCard) -> state.Choice | None:
    """Draw the sidebar that the page needs; None where it needs none."""
    if not card.controls:
        return None
    return sidebar.draw(card.controls) if "text" in card.controls else sidebar.draw_model()


@contextmanager
def _routing(card: PageCard, asked: state.Choice | None) -> Iterator[None]:
    _this_run.card, _this_run.asked = card, asked
    try:
        yield
    finally:
        _this_run.card = _this_run.asked = None
