"""On which texts heads are scored, and their scores, made once for everybody."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from attnlit.analysis import survey
from attnlit.analysis.repetition import loss_on_repeated
from attnlit.analysis.sample import MOST_TEXTS, SAMPLE, sentences, text_of_file
from attnlit.analysis.survey import store
from attnlit.analysis.survey.bundled import bundled
from attnlit.app import cache, say, work
from attnlit.app.frame.controls import one_of, typed
from attnlit.errors import AttnlitError
from attnlit.models import limits

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from attnlit.analysis.sample import Text
    from attnlit.analysis.survey import Survey
    from attnlit.analysis.survey.store import Saved
    from attnlit.app.frame.request import Request
    from attnlit.models.model import Model

SAMPLE_TEXTS, ONE_TEXT, LONG_TEXT = "Built-in sample", "This text", "A longer text"
BUNDLED, OPENED = "Many sentences", "Opened survey"
SOURCES = (SAMPLE_TEXTS, ONE_TEXT, LONG_TEXT)
MOST_CHARACTERS = 1_000_000
_MEGABYTES = 2  # of a file: those characters, and room for letters of several bytes


def found(request: Request) -> Survey | None:
    """The survey that was chosen; None while no longer text has been given, or where reading was stopped."""
    saved = _saved(request)
    source = one_of(
        st.segmented_control, "Scored on", [*saved, *SOURCES], "over",
        help=f"The sample is {len(SAMPLE)} sentences and pairs of our own; “This text” is the sidebar's.",
    )  # fmt: skip
    if source in saved:
        say.quiet(f"Read in advance: {saved[source].texts}.")
        return saved[source].survey
    if source == SAMPLE_TEXTS:
        return _surveyed(request, SAMPLE)
    texts = [(request.attention.text, request.attention.pair)] if source == ONE_TEXT else _long_text()
    return _surveyed(request, texts) if texts else None


def _saved(request: Request) -> dict[str, Saved]:
    """The surveys of this very model that were made before, by the name that the page gives them."""
    found = {}
    model = request.model
    own = cache.surveys.find(("bundled", model.identity), lambda: bundled(model))
    if own is not None and own.survey.kind == request.attention.kind:
        found[BUNDLED] = own
    if limits.survey_folder():
        folder = Path(limits.survey_folder())
        opened: Saved = cache.surveys.find(("saved", str(folder)), lambda: store.load(folder))
        if (opened.identity, opened.survey.kind) == (model.identity, request.attention.kind):
            found = {OPENED: opened, **found}
        else:
            say.hint(
                f"The opened survey is of the {opened.survey.kind} attention of {opened.source}, with the "
                "files that it had then. Choose that model to see it."
            )
    return found


def in_code(request: Request) -> tuple[str, str]:
    """The line that imports, and the expression that gives, the survey on the page from `model`."""
    over, kind = st.session_state.get("over"), request.attention.kind
    named = f", kind={kind!r}" if len(request.known.kinds) > 1 else ""
    if over == BUNDLED:
        return "from attnlit.analysis.survey.bundled import bundled", "bundled(model).survey"
    if over == OPENED:
        return "from attnlit.analysis.survey.store import load", "load('the folder of the survey').survey"
    if over == ONE_TEXT:
        texts = [(request.attention.text, request.attention.pair)]
        return "", f"attnlit.survey(model, {texts!r}{named})"
    if over == LONG_TEXT:
        imports = "from pathlib import Path\n\nfrom attnlit.analysis.sample import sentences"
        text = "Path('your text.txt').read_text(encoding='utf-8')"
        return imports, f"attnlit.survey(model, sentences({text}){named})"
    return "from attnlit.analysis.sample import SAMPLE", f"attnlit.survey(model, SAMPLE{named})"


def typed_here() -> bool:
    """Whether the texts that heads are scored on are the visitor's own."""
    return st.session_state.get("over") in (ONE_TEXT, LONG_TEXT)


def _long_text() -> Sequence[Text] | None:
    with st.form("longer"):
        pasted = typed(
            st.text_area, "Paste a text", "", "long_text", MOST_CHARACTERS, height=140,
            placeholder=f"A chapter, a transcript, a list of sentences: up to {MOST_TEXTS:,} sentences.",
        )  # fmt: skip
        file = st.file_uploader("or upload one", type=["txt"], key="long_file", max_upload_size=_MEGABYTES)
        st.form_submit_button("Score all heads on it", type="primary")
    text = pasted if file is None else text_of_file(file.getvalue(), file.name)
    if not text.strip():
        say.hint("Paste a text or upload one, and every head is scored on all of it.", icon=":material/edit:")
        return None
    if len(text) > MOST_CHARACTERS:
        raise AttnlitError(
            f"This text has {len(text):,} characters, and at most {MOST_CHARACTERS:,} are read here. Paste a "
            "shorter one."
        )
    found = sentences(text)
    say.quiet(f"{len(found):,} texts of a sentence or more" + (f", from {file.name}." if file else "."))
    return found


def _surveyed(request: Request, texts: Sequence[Text]) -> Survey | None:
    """The scores of every head on the texts, made now or kept from before."""
    kind = request.attention.kind

    def read(report: work.Report, so_far: Any) -> Survey:
        found: Survey | None = None
        for step in survey.steps(request.model, texts, kind=kind, so_far=so_far):
            count = f" {step.done:,} of {len(texts):,}" if step.doing == survey.READING else ""
            report(step.done / step.total, f"{step.doing} …{count}", step.so_far)
            found = step.survey
        assert found is not None  # the last step carries it
        return found

    said = repr((kind, len(texts), list(texts))).encode("utf-8", errors="surrogatepass")
    key = ("survey", request.model.identity, hashlib.sha256(said).hexdigest())
    return work.run(key, read, cache.surveys)


def repeated(model: Model, heads: tuple[tuple[int, int], ...]) -> pd.DataFrame:
    """The loss on repeated words with each of these heads off."""
    key = ("repeated", model.identity, heads)
    with st.spinner("Repeating words …"):
        return cache.effects.find(key, lambda: loss_on_repeated(model, heads))
