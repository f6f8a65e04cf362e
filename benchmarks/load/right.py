"""What students should have seen: the same page of the same choices, drawn alone and undisturbed.

Each picture is compared, table by table, and each number with what this process makes: for a view straight
from the library, for other pages by running the page here, with one visitor (that a page shows the library's
numbers is what tests/app holds). Nobody may see another's text, layer or head.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

from attnlit.analysis.scores import main_roles
from attnlit.attention import attend_all
from attnlit.charts.head import PinnedToken, head_picture
from attnlit.charts.model import Roles, model_picture
from attnlit.charts.neuron import neuron_picture
from attnlit.charts.picture import Picture, arrow_stream
from benchmarks.load.answers import digest
from benchmarks.load.students import HOME, MEASURE, VIEWS, Choice, Deed, loaded
from tests.app.quick import look_for_components_once

ENTRY = Path(__file__).parents[2] / "streamlit_app.py"
ALONE_WITHIN = 120  # seconds
UNBOUND = ("switch_off", "repeat_off")  # toggles that no address sets


@dataclass(frozen=True)
class Content:
    """A page's pictures and numbers, as `client.Answer` has them."""

    charts: tuple[dict[str, str], ...]
    numbers: tuple[str, ...] = ()


def wrong(deeds: Iterable[Deed]) -> list[str]:
    """What the app showed and should not have: one sentence for each fault."""
    faults = []
    for deed in deeds:
        if deed.answer.mistakes:
            continue  # counted as errors
        if deed.shown != deed.wished and not deed.after_loss:
            faults.append(f"after {deed.what} the sidebar is not as chosen: {deed.shown} for {deed.wished}")
        right = expected(deed.shown)
        if not _same(deed.answer.charts, right.charts):
            faults.append(f"after {deed.what} the picture is not of {deed.shown}")
        elif sorted(deed.answer.numbers) != sorted(right.numbers):
            faults.append(f"after {deed.what} the numbers are not of {deed.shown}")
    return faults


def _same(charts: list[dict[str, str]], right: tuple[dict[str, str], ...]) -> bool:
    """Every chart has every table that it should have, byte by byte."""
    return len(charts) == len(right) and all(
        table.items() <= chart.items() for chart, table in zip(charts, right, strict=True)
    )


def expected(choice: Choice) -> Content:
    """What the page should show. What it does not depend on is left out, so that it is drawn once."""
    if choice.page in VIEWS and dict(choice.own).get("switch_off") != "true":
        return _view(replace(choice, own=()))
    if choice.page == HOME:
        return _alone(Choice(page=HOME, text=choice.text))
    if dict(choice.own).get("measured") == "false":  # nobody has asked for it
        return Content(())
    if choice.page == "bias":
        choice = replace(choice, text="", pair="")
    return _alone(replace(choice, heads=choice.heads if choice.page == "head_view" else ()))


@lru_cache(maxsize=4096)
def _view(choice: Choice) -> Content:
    """The digests of the tables of every chart of a view."""
    record, layer = _record(choice.model, choice.text, choice.pair or ""), choice.layer or 0
    positions = [str(token.position) for token in record.queries]
    pinned = PinnedToken("query", positions.index(choice.query)) if choice.query else None
    if choice.page == "head_view":
        lines = head_picture(record, layer, choice.heads or None, pinned=pinned, answered="")
        return Content((_digests(lines),))
    if choice.page == "model_view":
        found = Roles(*main_roles(record))
        roles = found if any(role is not None for row in found.of for role in row) else None
        thumbnails = model_picture(record, roles=roles, selected=(layer, choice.head))
        lines = head_picture(record, layer, [choice.head], pinned=pinned)
        return Content((_digests(thumbnails), _digests(lines)))
    # "setup" names the chosen query token, which is no choice of ours; the other tables hold all queries.
    return Content((_digests(neuron_picture(record, layer, choice.head), without="setup"),))


def _digests(picture: Picture, without: str = "") -> dict[str, str]:
    return {name: digest(arrow_stream(table)) for name, table in picture.tables.items() if name != without}


@lru_cache(maxsize=256)
def _record(model: str, text: str, pair: str) -> Any:
    return attend_all(loaded(model), text, pair or None)["self"]


@lru_cache(maxsize=4096)
def _alone(choice: Choice) -> Content:
    """The page, run in this process for a visitor who follows a link to what was chosen."""
    # The page would import this in a thread behind it; beside our own import either may find half of it.
    import attnlit.attention.proof  # noqa: F401

    look_for_components_once()
    own = dict(choice.own)
    page = AppTest.from_file(str(ENTRY), default_timeout=ALONE_WITHIN)
    page.switch_page(f"pages/{choice.page or 'home'}.py")
    chosen = {name: getattr(choice, name) for name in ("model", "text", "pair", "layer", "head")}
    address = {name: str(value) for name, value in chosen.items() if value is not None}
    if choice.query:
        address["query"] = choice.query
    if choice.layer is None:
        del address["head"]
    address |= {name.removeprefix("bias_"): value for name, value in own.items()}
    for name, value in address.items():
        page.query_params[name] = value
    if choice.page == HOME:  # it takes no text from an address
        page.session_state["text"] = choice.text
    if choice.heads:
        page.query_params["heads"] = [str(head) for head in choice.heads]
    if "long_text" in own:
        page.session_state["long_text"] = own["long_text"]
    for name in UNBOUND:
        if own.get(name) == "true":
            page.session_state[name] = True
    page.run()
    for button in page.button:
        if button.label == MEASURE:
            button.click().run()
            break
    if page.exception:
        raise SystemExit(f"The page fails here, too, at {choice}: {page.exception[0].message}")
    charts = [
        {table.name: digest(table.data.data) for table in chart.proto.datasets}
        for chart in page.get("vega_lite_chart")
    ]
    numbers = [f"{metric.label} {metric.value}" for metric in page.metric]
    numbers += [digest(table.proto.arrow_data.data) for table in page.get("dataframe")]
    return Content(tuple(charts), tuple(numbers))
