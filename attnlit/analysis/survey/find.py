"""Heads for a pattern that somebody points at: this token looks at that one. Which heads do the same?

What the two tokens are to each other is told by the same relations that the scores count: the token before,
the same token again, what followed it then, and so on. A head does the same if it attends that way here,
and over the texts of a survey.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from attnlit.analysis.scores import BY_NAME, Score
from attnlit.analysis.scores.evidence import Evidence, evidence_of
from attnlit.analysis.survey.looks import group_of
from attnlit.analysis.survey.summary import Survey
from attnlit.attention.given import checked_token
from attnlit.attention.parts import UNNAMED
from attnlit.attention.record import check_record
from attnlit.errors import AttnlitError
from attnlit.wording import InOneLine, a_kind

if TYPE_CHECKING:
    import pandas as pd

    from attnlit.attention.record import Attention


@dataclass(frozen=True, eq=False, repr=False)
class FoundHeads(InOneLine):
    """The heads of a model, first the one that does most what was pointed at."""

    # The score that counts such looks; None where the two tokens stand in no relation that has a name.
    score: Score | None
    # layer, head, here (the weight of that look), usual (what the head usually gives at that distance; NaN
    # where the survey knows none), overall (the score over the survey; NaN without one).
    table: pd.DataFrame

    def _said(self) -> str:
        by = "looks with no name" if self.score is None else self.score.title
        return f"{len(self.table)} heads by {by}"

    def _shown_table(self) -> pd.DataFrame:
        return self.table


def find_heads(attention: Attention, query: int, key: int, survey: Survey) -> FoundHeads:
    """The heads in which one token looks at another here, and that do the same over a survey.

    query, key: places in `attention.queries` and `attention.keys` of a whole record. survey: of the same
    model and kind. Of the named relations between the two tokens, the one that some head does most is used:
    heads are ranked by the weight here times their score over the survey. Where no named relation holds,
    heads are ranked by how much more they look there than they usually do at that distance.
    Raises AttnlitError for tokens that the text lacks, or that cannot see each other, and for a survey of
    another model.
    """
    import pandas as pd

    _check(attention, query, key, survey)
    here = attention.weights[:, :, query, key].astype(np.float64)
    usual = _usual(attention, query, key, survey)
    best: tuple[float, Score | None, np.ndarray] = (0.0, None, np.full(here.shape, np.nan))
    for name in relations(evidence_of(attention), query, key):
        values = _overall(survey, name, key - query)
        if values is not None and (both := float(np.nanmax(here * np.nan_to_num(values)))) > best[0]:
            best = both, BY_NAME[name], values
    _, score, overall = best
    if score is None:
        order = np.where(here >= LEAST_HERE, np.nan_to_num(here / usual), 0.0)
    else:
        order = here * np.nan_to_num(overall)
    layers, heads = zip(*survey.heads, strict=True)
    columns: dict[str, Any] = {
        "layer": layers,
        "head": heads,
        "here": here,
        "usual": usual,
        "overall": overall,
    }
    table = pd.DataFrame({name: np.ravel(values) for name, values in columns.items()})
    place = np.lexsort((-here.ravel(), -order.ravel()))
    return FoundHeads(score, table.iloc[place].reset_index(drop=True))


LEAST_HERE = 0.1  # of the query's attention: a weaker look is not worth finding others like it


def relations(evidence: Evidence, query: int, key: int) -> list[str]:
    """Names of the scores that count the look of one token at another."""
    holds = {
        "first": key == 0,
        "separators": key > 0 and bool(evidence.special[key]),
        "punctuation": bool(evidence.punctuation[key]),
    }
    if evidence.within:
        holds |= {
            "previous": key == query - 1,
            "next": key == query + 1,
            "same": bool(evidence.same[query, key]),
            "same_other_sentence": bool(evidence.same_elsewhere[query, key]),
            "positional": key != query,
        }
        if evidence.causal:
            holds["induction"] = bool(evidence.followed[query, key])
    return [name for name in BY_NAME if holds.get(name)]


def _overall(survey: Survey, name: str, offset: int) -> np.ndarray | None:
    """The score of every head over the survey; of a fixed distance only the heads that keep to this one."""
    values = survey.values.get(name)
    if values is None or name != "positional":
        return values
    return np.where(survey.offset == offset, values, 0.0)


def _usual(attention: Attention, query: int, key: int, survey: Survey) -> np.ndarray:
    """What each head usually gives at this distance: (L, H). NaN for a token's look at itself."""
    if attention.kind != "cross" and query == key:
        return np.full(survey.offset.shape, np.nan)
    group = int(group_of(np.array(query - key), attention.kind, attention.causal))
    return np.exp(survey.examples.usual[..., group])


def _check(attention: Attention, query: int, key: int, survey: Survey) -> None:
    check_record(attention)
    if not isinstance(survey, Survey):
        raise AttnlitError(f"This takes what attnlit.survey returns, not {a_kind(survey)}.")
    read = attention.kind, attention.layer_numbers, attention.heads
    other = attention.model not in (survey.model, UNNAMED)
    if other or read != (survey.kind, survey.layer_numbers, survey.offset.shape[1]):
        raise AttnlitError(
            f"This survey is of {survey.model} and its {survey.kind} attention. Give one of the model that "
            "read the text."
        )
    for asked, tokens in ((query, attention.queries), (key, attention.keys)):
        checked_token(asked, len(tokens))
    if attention.causal and key > query:
        raise AttnlitError("In this model no token sees a later one. Choose a token before it.")
