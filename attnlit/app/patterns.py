"""What the page of recurring patterns asks and shows: texts, scores of all heads, one head, heads like it."""

from __future__ import annotations

import hashlib
import threading
import time
from typing import TYPE_CHECKING, Any

import cachetools
import numpy as np
import streamlit as st

from attnlit.analysis import survey
from attnlit.analysis.repetition import another_head, loss_on_repeated
from attnlit.analysis.sample import MOST_TEXTS, SAMPLE, sentences
from attnlit.analysis.scores import BY_NAME
from attnlit.analysis.statistics import classical_mds
from attnlit.app import panels, say, state, turns
from attnlit.app.frame.controls import one_of, typed
from attnlit.charts.head import head_picture
from attnlit.charts.head_map import head_map as drawn_map
from attnlit.charts.head_map import head_map_picture
from attnlit.charts.head_points import head_points_picture
from attnlit.charts.heatmap import heatmap_picture
from attnlit.errors import AttnlitError
from attnlit.words.survey import in_words, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from attnlit.analysis.sample import Text
    from attnlit.analysis.survey import Survey
    from attnlit.attention import Attention
    from attnlit.charts.picture import Picture
    from attnlit.charts.theme import Theme

SAMPLE_TEXTS, ONE_TEXT, LONG_TEXT = "Built-in sample", "This text", "A longer text"
SOURCES = (SAMPLE_TEXTS, ONE_TEXT, LONG_TEXT)
MOST_CHARACTERS = 1_000_000
_MEGABYTES = 2  # of a file: those characters, and room for letters of several bytes
MOST_LINES = 30  # tokens: longer texts are drawn as a heat map
ALIKE = 5  # heads that are named as most like the chosen one
_REFRESH = 0.1  # seconds between two signs of life
# Keys of the session that belong to no widget:
_STOPPED = "survey_stopped"  # the survey that was cancelled
_SO_FAR = "survey_so_far"  # (survey, what was read of it): a click elsewhere does not begin it anew

# Finished surveys, of 0.3 MB each for a model of 144 heads, shared by all sessions. The lock is held to look
# and to put, never while a survey runs.
_finished: cachetools.LRUCache[str, Survey] = cachetools.LRUCache(maxsize=32)
_looking = threading.Lock()


def texts(request: state.Request) -> Sequence[Text] | None:
    """The texts to score heads on; None while a longer text has not been given."""
    source = one_of(
        st.segmented_control, "Scored on", SOURCES, "over",
        help=f"The sample is {len(SAMPLE)} sentences and pairs of our own; “This text” is the sidebar's.",
    )  # fmt: skip
    if source == SAMPLE_TEXTS:
        return SAMPLE
    if source == ONE_TEXT:
        return [(request.attention.text, request.attention.pair)]
    return _long_text()


def _long_text() -> Sequence[Text] | None:
    with st.form("longer"):
        pasted = typed(
            st.text_area, "Paste a text", "", "long_text", MOST_CHARACTERS, height=140,
            placeholder=f"A chapter, a transcript, a list of sentences: up to {MOST_TEXTS:,} sentences.",
        )  # fmt: skip
        file = st.file_uploader("or upload one", type=["txt"], key="long_file", max_upload_size=_MEGABYTES)
        st.form_submit_button("Score all heads on it", type="primary", on_click=_forget_stop)
    text = pasted if file is None else file.getvalue().decode("utf-8", errors="replace")
    if not text.strip():
        say.hint("Paste a text or upload one, and every head is scored on all of it.", icon=":material/edit:")
        return None
    if len(text) > MOST_CHARACTERS:
        raise AttnlitError(
            f"This text has {len(text):,} characters; {MOST_CHARACTERS:,} are the most that are read here."
        )
    found = sentences(text)
    say.quiet(f"{len(found):,} texts of a sentence or more" + (f", from {file.name}." if file else "."))
    return found


def _forget_stop() -> None:
    st.session_state[_STOPPED] = None


def surveyed(request: state.Request, texts: Sequence[Text]) -> Survey | None:
    """The scores of every head on the texts: kept from before, or read now. None where that was cancelled."""
    kind = request.attention.kind
    name = _name(request.model.identity, kind, texts)
    with _looking:
        kept = _finished.get(name)
    if kept is not None:
        return kept
    if st.session_state.get(_STOPPED) == name:
        so_far = st.session_state.get(_SO_FAR)
        count = so_far[1].texts if so_far and so_far[0] == name else 0
        say.hint(f"Stopped: {count:,} of {len(texts):,} texts are read.", icon=":material/stop_circle:")
        st.button("Go on", on_click=_forget_stop, type="primary")
        return None
    with turns.one_at_a_time(name):
        with _looking:
            kept = _finished.get(name)  # somebody may have finished it while we waited
        if kept is None:
            kept = _read(request, texts, name)
            with _looking:
                _finished[name] = kept
    return kept


def _name(source: str, kind: str, texts: Sequence[Text]) -> str:
    said = repr((source, kind, len(texts), list(texts)))
    return hashlib.sha256(said.encode("utf-8", errors="surrogatepass")).hexdigest()


def _read(request: state.Request, texts: Sequence[Text], name: str) -> Survey:
    """Reads the texts in this very run, a forward pass at a time.

    Streamlit ends a run at its next sign of life, here the progress bar, when its visitor cancels, clicks
    elsewhere, or opens another page: no thread is left that would have to be told, the forward passes of
    other sessions come between, and the untrained model goes with the run. Only a browser that was closed
    must be looked for. What was read so far stays in the session, so that a click does not begin the text
    anew.
    """
    so_far = st.session_state.get(_SO_FAR)
    place = st.empty()
    with place.container(border=True):
        bar = st.progress(0.0, "Reading the texts …")
        st.button("Cancel", icon=":material/close:", on_click=_stop, args=(name,))
    last = 0.0
    for step in survey.steps(
        request.model,
        texts,
        kind=request.attention.kind,
        so_far=so_far[1] if so_far and so_far[0] == name else None,
    ):
        if step.so_far is not None:
            st.session_state[_SO_FAR] = (name, step.so_far)
        if time.monotonic() - last > _REFRESH:
            last = time.monotonic()
            count = f"{step.done:,} of {len(texts):,}" if step.doing == survey.READING else ""
            bar.progress(step.done / step.total, f"{step.doing} … {count}")
            turns.report_progress(step.done / step.total)
    place.empty()
    st.session_state[_SO_FAR] = None
    assert step.survey is not None
    return step.survey


def _stop(name: str) -> None:
    st.session_state[_STOPPED] = name


def choose_score(found: Survey) -> str:
    """The score that colours the map, among those that this model and these texts have."""
    by_title = {BY_NAME[name].title: name for name in found.values}
    titles = list(by_title)
    no_such = f"there is no such score for {found.model} and these texts"
    score = by_title[one_of(st.selectbox, "Score", titles, "score", but=no_such)]
    about = BY_NAME[score].about
    say.quiet(f"{about[0].upper()}{about[1:]}.")
    return score


def head_map(request: state.Request, found: Survey, score: str) -> None:
    """All heads, coloured by the score; a click chooses one everywhere."""
    about = BY_NAME[score]
    panels.picture(
        head_map_picture(selected=(request.layer, request.head), **_map(request, found, score)),
        key="score_map",
        on_select=lambda: panels.follow_head("score_map"),
        selection="cell",
        alt=f"Map of all heads, layers downwards, heads across, coloured by the score {about.title}",
    )
    best = np.unravel_index(np.nanargmax(found.values[score]), found.offset.shape)
    panels.show_head(request, int(best[0]), int(best[1]), shown(score, found.values[score][best]))
    with_role = int(found.claimed[score].sum())
    role = BY_NAME[score].role
    if role is not None and found.untrained and found.units[score] >= survey.FEWEST_TEXTS:
        st.caption(
            f"{with_role} of {found.offset.size} heads are called **{role.name}** by this score "
            f"({shown(score, role.least)} or more, and surely above the untrained model)."
        )
    say.quiet(_rests_on(found))


def _map(request: state.Request, found: Survey, score: str) -> dict[str, Any]:
    """What the map needs, on the page and as a file."""
    about, values = BY_NAME[score], found.values[score]
    return {
        "values": values,
        "title": about.title,
        "signed": about.unit.limits is None and bool(np.nanmin(values) < 0),
        "limits": about.unit.limits,
        "form": about.unit.form,
        "theme": request.theme,
    }


def export_menu(request: state.Request, found: Survey, score: str) -> None:
    """A link to what is chosen, and the map and all numbers as files."""
    panels.export_menu(
        request,
        "patterns",
        lambda: drawn_map(**_map(request, found, score)),
        lambda: survey.table(found, score),
    )


def _rests_on(found: Survey) -> str:
    texts = "one text" if found.texts == 1 else f"{found.texts:,} texts"
    left_out = f" {found.left_out:,} were left out, too short or too long." if found.left_out else ""
    return f"Read: {texts} with {found.tokens:,} tokens.{left_out}"


def card(request: state.Request, found: Survey, score: str) -> None:
    """The chosen head in plain words: its role, and the chosen score, before training too."""
    layer, head = request.layer, request.head
    with st.container(border=True):
        st.markdown(f"##### Layer {layer}, head {head}")
        if found.texts > 1:  # on one text `panels.words` says what the head does there
            st.markdown(in_words(found, layer, head))
        st.markdown(_score_in_words(found, score, layer, head))
        st.caption("On the text in the sidebar:")
        draw = heatmap_picture if len(request.shown.queries) > MOST_LINES else _lines
        panels.picture(
            draw(request.shown, layer, head, theme=request.theme),
            key="chosen_head",
            alt="Attention of the chosen head",
        )


def _lines(shown: Attention, layer: int, head: int, *, theme: Theme) -> Picture:
    return head_picture(shown, layer, [head], theme=theme)


def _score_in_words(found: Survey, score: str, layer: int, head: int) -> str:
    about = BY_NAME[score]
    value, lower, upper = (each[score][layer, head] for each in (found.values, found.lower, found.upper))
    if not np.isfinite(value):
        return f"{about.title}: nothing to score in these texts."
    words = f"{about.title}: **{shown(score, value)}**"
    if np.isfinite(lower):
        low, high = shown(score, lower), shown(score, upper)
        words += f" (95% interval {low} to {high})" if low != high else ""
    words += f", over {found.counts[score][layer, head]:,} {about.over}."
    if score in found.untrained:
        own, most = found.untrained[score][layer, head], np.nanmax(found.untrained[score])
        words += f" Before training: {shown(score, own)}, and {shown(score, most)} at most."
    if score == "positional":
        words += f" Its distance: {_distance(int(found.offset[layer, head]))}."
    return words


def _distance(offset: int) -> str:
    if offset == 0:
        return "the token itself"
    return f"{abs(offset)} token{'s' * (abs(offset) > 1)} {'back' if offset < 0 else 'ahead'}"


def repeated_text(request: state.Request, found: Survey) -> None:
    """How much worse the model foresees words that repeat when the head is off: what induction is for."""
    layer, head = request.layer, request.head
    if "induction" not in found.values or not request.model.predicts:
        return
    if not st.toggle("Switch it off while random words repeat", key="repeat_off", persist_state="session"):
        return
    # Not one of the same kind: another induction head would be missed as much.
    others = np.flatnonzero(~found.claimed["induction"][layer]).tolist()
    other = another_head(layer, head, others)
    heads = [(layer, head), *([] if other is None else [(layer, other)])]
    table = _loss_on_repeated(request.model, tuple(heads))
    whole, off = table.iloc[0], table.iloc[1]
    words = (
        "25 random words, four times in a row. From the second time on the model foresees each with a loss "
        f"of {whole['loss']:.2f} nats; without head {off['off']} with {off['loss']:.2f}, which is "
        f"**{off['rise']:+.2f}** (95% interval {off['lower']:+.2f} to {off['upper']:+.2f})"
    )
    if other is not None:
        words += f". Without {layer}-{other}, a random head of the same layer: {table.iloc[2]['rise']:+.2f}"
    st.markdown(words + ".")
    panels.save_numbers(lambda: table, f"{request.model.name} repeated words", key="repeated_file")


@st.cache_data(
    max_entries=64,
    show_spinner="Repeating words …",
    hash_funcs={"attnlit.models.model.Model": lambda m: m.identity},
)
def _loss_on_repeated(model: Any, heads: tuple[tuple[int, int], ...]) -> Any:
    return loss_on_repeated(model, heads)


def all_heads(found: Survey, score: str) -> None:
    """Every head and every score as a table that sorts, with the chosen score first."""
    table = survey.table(found, score)
    nothing = [name for name in ("role", "lower", "upper") if table[name].isin(["", np.nan]).all()]
    table = table.drop(columns=nothing)  # on one text
    percent = st.column_config.NumberColumn(format="percent")
    number = st.column_config.NumberColumn(format="%.2f")
    shares = {name: percent for name in found.values if BY_NAME[name].unit.name == "share"}
    others = {name: number for name in found.values if name not in shares}
    like_score = shares.get(score, number)
    titles = {name: BY_NAME[name].title for name in found.values}
    columns = {
        **{name: {**column, "label": titles[name]} for name, column in (shares | others).items()},
        **{
            name: {**like_score, "label": label}
            for name, label in (("lower", "95% from"), ("upper", "95% to"), ("untrained", "Before training"))
        },
        "role": st.column_config.TextColumn("Role", width="medium"),
        "count": st.column_config.NumberColumn("Rests on", help=f"How many {BY_NAME[score].over}."),
        "fixed_distance": st.column_config.NumberColumn("At which distance", help="−1: one token back."),
        "layer": st.column_config.NumberColumn(pinned=True),
        "head": st.column_config.NumberColumn(pinned=True),
    }
    panels.numbers(table, f"{found.model} heads", key="all_heads", column_config=columns, height=380)


def alike(request: state.Request, found: Survey) -> None:
    """The heads most like the chosen one, and the map on which like heads are near."""
    if found.divergence is None:
        st.caption(found.why_no_divergence)
        return
    heads = request.attention.heads
    distances = found.divergence[request.layer * heads + request.head]
    nearest = [int(each) for each in np.argsort(distances, kind="stable")]
    nearest = [each for each in nearest if each != request.layer * heads + request.head][:ALIKE]
    named = [divmod(each, heads) for each in nearest]
    said = ", ".join(
        f"**{layer}-{head}** ({distances[each]:.2f})"
        for each, (layer, head) in zip(nearest, named, strict=True)
    )
    st.markdown(
        f"Most like {request.layer}-{request.head}: {said}. In brackets the Jensen–Shannon divergence of "
        "their attention, in nats: 0 is the same, 0.69 is nothing in common."
    )
    # Roots, because the divergence behaves as a squared distance.
    points = classical_mds(np.sqrt(found.divergence))
    panels.picture(
        head_points_picture(
            points, heads, selected=(request.layer, request.head), near=named, theme=request.theme
        ),
        key="head_points",
        on_select=lambda: panels.follow_head("head_points"),
        selection="cell",
        alt="Map of heads: one dot a head, heads that look alike are near each other",
    )
    panels.save_numbers(
        lambda: _points_table(found, points), f"{found.model} map of heads", key="points_file"
    )


def _points_table(found: Survey, points: np.ndarray) -> Any:
    import pandas as pd

    layers, heads = np.indices(found.offset.shape)
    names = [f"{layer}-{head}" for layer, head in np.ndindex(*found.offset.shape)]
    table = pd.DataFrame(
        {"layer": layers.ravel(), "head": heads.ravel(), "x": points[:, 0], "y": points[:, 1]}
    )
    return pd.concat(
        [table, pd.DataFrame(found.divergence, columns=names).add_prefix("divergence from ")], axis=1
    )
