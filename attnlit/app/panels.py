"""What stands beside every picture: what it shows, in words; one head in another view; a link; files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from attnlit.analysis.ablation import switch_off
from attnlit.app import cache, code, described, saving, say, shape, sinks
from attnlit.app.frame import chosen, told
from attnlit.app.frame.controls import one_that_fits
from attnlit.app.frame.together import take_one_more
from attnlit.charts.head import ChosenHeads, PinnedToken, head_picture, head_table, last_click, token_more
from attnlit.charts.heatmap import heatmap_picture
from attnlit.charts.opacity import one
from attnlit.errors import AttnlitError
from attnlit.models.model import EACH_TOKEN, REGRESSION
from attnlit.words.classes import classes_in_words
from attnlit.words.prediction import effect_in_words
from attnlit.words.read_out import read_out
from attnlit.words.roles import role_in_words

if TYPE_CHECKING:
    import pandas as pd
    from streamlit.delta_generator import DeltaGenerator

    from attnlit.analysis.ablation import Effect
    from attnlit.app.frame.request import Choice, Request
    from attnlit.charts.picture import Picture


def picture(
    chart: Picture,
    *,
    key: str,
    alt: str,
    on_select: Callable[[], None] | None = None,
    selection: Sequence[str] = (),
) -> None:
    """Show a picture and its notes. A click on one of its `selection` calls `on_select` before the next run.

    `alt` says what kind of picture it is, alike for every layer and head: the front end writes it into the
    specification, and another specification is a new picture instead of new data in the old one.
    """
    clicks: dict[str, Any] = {"on_select": on_select, "selection_mode": [*selection]} if on_select else {}
    with described.picture_of(key):
        st.vega_lite_chart(chart.to_dict(), key=key, theme=None, width="stretch", alt=alt, **clicks)
    if chart.notes:
        say.quiet(" ".join(chart.notes))


def heads_picture(
    chart: Picture,
    *,
    key: str,
    alt: str,
    follow: Callable[[str], None] | None = None,
    selections: Sequence[str] = (),
) -> None:
    """The same of a picture with a cell for each head: a click on one chooses it here and on every page.

    follow: called with the key after a click on any other of its `selections`.
    """

    def choose() -> None:
        told.clicked_elsewhere()
        for cell in selection(key, "cell"):
            chosen.choose_head(cell["layer"], cell["head"])
        if follow is not None:
            follow(key)

    picture(chart, key=key, alt=alt, on_select=choose, selection=["cell", *selections])


def beside(shares: Sequence[int], key: str = "beside") -> list[DeltaGenerator]:
    """Columns for a picture and the words beside it; on a narrow window the words stand below it.

    key: begins with "beside", and is another one for each pair of columns of a page.
    """
    with st.container(key=key):
        return st.columns(shares, gap="medium")


def selection(key: str, name: str) -> list[dict[str, Any]]:
    """What is selected in the picture `key`: the fields of each chosen mark, or nothing."""
    return list(st.session_state[key]["selection"].get(name) or [])


def clicks(key: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """All that is selected in the picture `key`, and what was at the last click. For its `on_select`."""
    seen = f"{key}_clicks"
    before = st.session_state.get(seen) or {}
    st.session_state[seen] = now = {
        name: [*rows] for name, rows in st.session_state[key]["selection"].items()
    }
    return now, before


def pinned(request: Request) -> PinnedToken | None:
    """The token that is pinned in the head views."""
    return PinnedToken(*request.pinned) if request.pinned else None


def answered(key: str) -> str:
    """Which click on a switch of the head view `key` this run answers."""
    shown = st.session_state.get(key) or {}
    return last_click(shown.get("selection"))


def follow_switches(request: Request, key: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A click on a switch of the picture `key` chooses heads. Returns its `clicks`. For its `on_select`."""
    told.clicked_elsewhere()
    clicked, before = clicks(key)
    heads = ChosenHeads.from_selection(clicked, request.heads, request.attention.heads, before).heads
    # A click may ask for what this run showed: after one that was made since, and is not drawn yet.
    if last_click(clicked) != last_click(before):
        chosen.choose_heads(heads, request.attention.heads)
    return clicked, before


def follow_head_view(request: Request, key: str, *, together: bool = False) -> None:
    """A click on a switch chooses heads, a click on a token pins it; on the left, it is the query, too.

    together: on this page a click with Shift takes the token together with others.
    """
    clicked, before = follow_switches(request, key)
    pin = PinnedToken.from_selection(clicked, pinned(request), before)
    if pin != pinned(request):
        chosen.pin(request.shown, (pin.side, pin.index) if pin else None)
    more = token_more(clicked, before)
    if together and more is not None:
        take_one_more(request, more.side, more.index)


def show_head(choice: Choice, layer: int, head: int, value: str) -> None:
    """A button that goes to the head which stands out most. value: its number."""
    st.button(
        f"Show the strongest: {layer}-{head} ({value})",
        icon=":material/my_location:",
        on_click=lambda: chosen.choose_head(layer, head),
        disabled=(layer, head) == (choice.layer, choice.head),
    )


NOTHING = "–"  # in a cell of a table
_HOW_TO_PIN = (
    "Click a word under “attends from” to read what it looks at, or one under “attends to” to read what "
    "looks at it."
)


def table_of(table: pd.DataFrame, key: str, **options: Any) -> None:
    """A table that sorts by a click on a column's name. options: `st.dataframe`'s."""
    st.dataframe(table, key=key, hide_index=True, placeholder=NOTHING, **options)


def numbers(table: pd.DataFrame, title: str, name: str, **options: Any) -> None:
    """A table that sorts by a click on a column's name, and the same in the page's Save menu.

    title: what the menu calls it; name: of the file, without its ending. options: `st.dataframe`'s.
    """
    table_of(table, f"{title} table", **options)
    saving.offer(title, name, lambda: table)


def words(request: Request, *pictures: str, clicked: bool = False) -> None:
    """What the pinned token looks at, or who looks at it; and the quiet line of every view.

    pictures: the keys of those that this says in words. clicked: a click on a token in one of them pins it.
    """
    said = []
    if len(request.heads) == 1:
        said.append(role_in_words(request.attention, request.layer, request.heads[0]))
    if request.pinned is None:
        said.append(_HOW_TO_PIN if clicked else "Choose a query token above to read what it looks at.")
    else:
        side, index = request.pinned
        said += read_out(request.shown, request.layer, request.heads, **{side: index})
    with described.words_of(*pictures):
        st.markdown("\n\n".join(said))  # one element: a browser takes each in by itself
        sinks.card(request)
    if request.known.classes:
        _classes(request)
    st.caption(
        "Attention shows where a head looks; it does not by itself explain what the model answers. "
        "Switch it off and see what changes:"
    )
    _switch_off(request)


def _classes(request: Request) -> None:
    """What a classifier says of the text."""
    record = request.attention
    try:
        found = cache.classes(request.model, record.text, record.pair or "")
    except AttnlitError as mistake:
        say.hint(str(mistake))
        return
    st.markdown(classes_in_words(found, request.model.problem_type))


def _switch_off(request: Request) -> None:
    """What the model predicts with and without the shown heads."""
    alone = len(request.heads) == 1
    label = f"Switch head {request.head} off" if alone else f"Switch these {len(request.heads)} heads off"
    if not st.toggle(label, key="switch_off", persist_state="session"):
        return
    try:
        effect = switch_off(
            request.model,
            request.attention.text,
            [(request.layer, head) for head in request.heads],
            pair=request.attention.pair,
            kind=request.attention.kind,
            top=1 if request.model.problem_type == EACH_TOKEN else 5,
        )
    except AttnlitError as mistake:  # no [MASK] to fill in, say: the picture above stays
        say.hint(str(mistake))
        return
    prediction(effect)


def prediction(effect: Effect) -> None:
    """What the model predicts before and after a change: the finding in words, and what moved."""
    st.markdown(effect_in_words(effect))
    table, form = effect.table, "%.3f"
    if effect.problem_type != REGRESSION:  # percent, all with as many decimals
        shares = ["before", "after"]
        table, form = table.assign(**{each: 100 * table[each] for each in shares}), "%.2f%%"
    number = st.column_config.NumberColumn(format=form)
    name = st.column_config.TextColumn(width="small")  # of a class: it may be long, and the numbers count
    columns: dict[str, Any] = {
        "class": name,
        "before": number,
        "after": number,
        "change": None,
        "place": None,
    }
    if not effect.tokens and effect.table["place"].nunique() > 1:
        columns["place"] = "[MASK]"
    table_of(table, "prediction", column_config=columns)


def one_head(request: Request) -> list[str]:
    """The chosen head: as lines, as a heat map with axes, or as the table behind both.

    Returns code for its picture.
    """
    layer, head = request.layer, request.head
    st.markdown(f"**Layer {layer}, head {head}**")
    looks = ("Lines", shape.HEAT_MAP, "Table")
    fits = shape.HEAT_MAP if shape.is_long(request.attention) else "Lines"
    look, _ = one_that_fits(
        st.segmented_control, "Show as", looks, "look",
        fits=fits, bound=False, label_visibility="collapsed",
    )  # fmt: skip
    if look == "Lines":
        lines = head_picture(request.shown, layer, [head], theme=request.theme, pinned=request.pinned)
        picture(lines, key="one_head", alt="Head view of one head")
        return [code.head_view(request)]
    if look == shape.HEAT_MAP:
        heat = heatmap_picture(request.shown, layer, head, theme=request.theme, pinned=request.pinned)
        picture(heat, key="heat_map", alt="Heat map of one head")
        return [code.heatmap(request)]
    columns = ("query", "key", "weight", "norm", "query position", "key position")
    table = head_table(request.shown, layer, [head], at_least=0.01 * one(request.shown, layer))
    table_of(table, "one_head_table", column_order=columns)
    st.caption("Weights of 1% and above. The head view saves all of them.")
    return []
