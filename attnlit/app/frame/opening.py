"""Opening a model: asked before anything is fetched, shown while it comes, and given up at any time.

Until it is here, and where it cannot be opened, the app goes on with the model that it had.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from attnlit.app import cache, say, start, work
from attnlit.errors import AttnlitError
from attnlit.models.identity import identity_of, of_hub
from attnlit.models.model import Model
from attnlit.wording import escaped, megabytes, one_line

if TYPE_CHECKING:
    from typing_extensions import TypeIs

    from attnlit.app.recorded.store import RecordedModel
    from attnlit.models.offer import Offer

    Known = Model | RecordedModel

# While a model is fetched or opened the page that was there can be read on.
_READ_ON = """
<style>
[data-stale="true"] { opacity: 1 !important; transition: none !important; }
[data-stale="true"] [data-testid="stVegaLiteChart"] { opacity: 1; }
.stElementContainer:has(> .stHtml > .attnlit-read-on) { display: none; }
</style>
<span class="attnlit-read-on"></span>
"""
_FETCH = work.Button("Fetch it", "It is stored on the machine that runs attnlit, for the next time.")
# Keys of the session that belong to no control: the name of the model that a choice had, with that choice's
# key behind it, and what the hub offered.
_HAS, _OFFERED = "has_", "offered"


def is_open(known: Known) -> TypeIs[Model]:
    """Whether this is a model that can be run, and not only what was recorded of one."""
    return isinstance(known, Model)


def opened(known: Known) -> Model:
    """The model itself. Raises AttnlitError in words."""
    if is_open(known):
        return known
    start.prepare_process()
    return cache.load_model(known.name)


def recorded_model(name: str) -> RecordedModel | None:
    """What was recorded of a model, for as long as it is not open."""
    from attnlit.app.recorded import store  # imports numpy, for which the frame does not wait

    if cache.models.get((name, identity_of(name))) is not None:
        return None
    found = store.model(name)
    if found is not None:
        st.session_state[_HAS + "model"] = name
    return found


def open_model(name: str, first: str, key: str = "model") -> Model:
    """The model of this name, or the one that the session had until it is here.

    key: of the control that chose it. first: the name of a bundled one, to be offered to a session that had
    none: it may have followed a link, whose layer and head are another model's, so that the page waits.
    Raises AttnlitError there.
    """
    before: str | None = st.session_state.get(_HAS + key)
    try:
        model = _opened(name, before, first, key)
    except AttnlitError as mistake:
        if before in (None, name):
            raise
        say.warn(str(mistake))
        _instead(before, f"Keep {before}", key)
        model = None
    if model is not None:
        st.session_state[_HAS + key] = name
        return model
    if before is None:
        st.stop()
    return cache.load_model(before or first)


def _opened(name: str, before: str | None, first: str, control: str) -> Model | None:
    """The model; None while the visitor is asked whether to fetch it, or has stopped that."""
    kept: Model | None = cache.models.get((name, identity_of(name)))
    if kept is not None:
        return kept
    start.prepare_process()  # else this thread and the one behind import transformers at once, and one fails
    with st.container(key=f"opening_{control}"):
        meanwhile = st.empty()
        meanwhile.html(_READ_ON)
        try:
            return _fetched_or_found(name, before, first, control)
        finally:
            meanwhile.empty()


def _fetched_or_found(name: str, before: str | None, first: str, control: str) -> Model | None:
    offer = _offer(name)
    if offer is None:
        return cache.load_model(name)
    key = (name, of_hub(offer.name, offer.commit))
    place = st.empty()
    with place.container():
        size, count = megabytes(offer.bytes), len(offer.small) + len(offer.weights)
        stays = f" Until then {escaped(before)} stays open." if before else ""
        st.markdown(
            f"**{escaped(one_line(name, 80))}** is not on this machine yet: {size} in {count} files must be "
            f"fetched from the Hugging Face hub.{stays}"
        )
        model = work.run(key, lambda report, _: _fetched(name, report), cache.models, button=_FETCH)
        if model is None:
            _instead(before or first, f"Keep {before}" if before else f"Open {first} instead", control)
    if model is not None:
        place.empty()
    return model


def _offer(name: str) -> Offer | None:
    """What is to be fetched, asked once; None where nothing is."""
    from attnlit.models.load import to_fetch

    held = st.session_state.get(_OFFERED)
    if held is not None and held[0] == name:
        return held[1]
    with st.spinner("Asking for the model …", show_time=True):
        offer = to_fetch(name)
    st.session_state[_OFFERED] = None if offer is None else (name, offer)
    return offer


def _fetched(name: str, report: work.Report) -> Model:
    from attnlit.attention import load

    def told(done: int, total: int) -> None:
        said = f"Fetching {one_line(name, 80)}: {megabytes(done)} of {megabytes(total)}"
        report(done / max(total, 1), said, done)  # what has arrived is kept, and is not fetched again

    model = load(name, progress=told)
    st.session_state[_OFFERED] = None
    return model


def _instead(name: str, label: str, control: str) -> None:
    """The button that chooses another model."""
    st.button(escaped(label), on_click=_choose, args=(name, control), key=f"another_{control}")


def _choose(name: str, control: str) -> None:
    st.session_state[control] = name
