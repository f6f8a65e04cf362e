"""All heads by the chosen score: as a map, and as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from attnlit.analysis import survey
from attnlit.analysis.scores import BY_NAME
from attnlit.app import export, panels, question_code, say
from attnlit.app.frame.controls import one_of
from attnlit.app.patterns import measure
from attnlit.charts.head_map import head_map_picture
from attnlit.charts.theme import LIGHT
from attnlit.wording import with_article
from attnlit.words.roles import several
from attnlit.words.survey import rests_on, shown

if TYPE_CHECKING:
    from attnlit.analysis.survey import Survey
    from attnlit.app.frame.request import Request


def choose_score(found: Survey) -> str:
    """The score that colours the map, among those that this model and these texts have."""
    by_title = {BY_NAME[name].title: name for name in found.values}
    titles = list(by_title)
    no_such = f"there is no such score for {found.model} and these texts"
    score = by_title[one_of(st.selectbox, "Score", titles, "score", but=no_such)]
    about = BY_NAME[score].about
    say.quiet(f"{about[0].upper()}{about[1:]}.")
    return score


def head_map(request: Request, found: Survey, score: str) -> None:
    """All heads, coloured by the score; a click chooses one everywhere."""
    about = BY_NAME[score]
    panels.heads_picture(
        head_map_picture(selected=(request.layer, request.head), **_map(request, found, score)),
        key="score_map",
        alt=f"Map of all heads, layers downwards, heads across, coloured by the score {about.title}",
    )
    best = int(np.nanargmax(found.values[score]))
    panels.show_head(request, *found.heads[best], shown(score, found.values[score].flat[best]))
    with_role = int(found.claimed[score].sum())
    role = BY_NAME[score].role
    if role is not None and found.untrained and found.units[score] >= survey.FEWEST_TEXTS:
        one = with_role == 1
        called = f"is called **{with_article(role.name)}**" if one else f"are called **{several(role)}**"
        st.caption(
            f"{with_role} of {found.offset.size} heads {called} by this score "
            f"({shown(score, role.least)} or more, and clearly above the untrained model)."
        )
    say.quiet(rests_on(found))


def _map(request: Request, found: Survey, score: str) -> dict[str, Any]:
    """What the map needs, on the page and as a file."""
    about, values = BY_NAME[score], found.values[score]
    return {
        "values": values,
        "title": about.title,
        "layers": found.layer_numbers,
        "signed": about.unit.limits is None and bool(np.nanmin(values) < 0),
        "limits": about.unit.limits,
        "form": about.unit.form,
        "theme": request.theme,
    }


def export_menu(request: Request, found: Survey, score: str) -> None:
    """A link to what is chosen, and the map and all numbers as files."""
    export.menu(
        request,
        "patterns",
        lambda: head_map_picture(**{**_map(request, found, score), "theme": LIGHT}),
        lambda: survey.table(found, score),
        about=f"{BY_NAME[score].title} · {rests_on(found).rstrip('.')}",
        texts=None if found.texts == 1 else (),
        code=[question_code.patterns(request, *measure.in_code(request), score, _map(request, found, score))],
    )


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
    panels.table_of(table, "all_heads", column_config=columns, height=380)
