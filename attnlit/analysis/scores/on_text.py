"""The scores and roles of heads on one text. A score on one text is a picture, not a finding."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from attnlit.analysis.scores.evidence import FEWEST_TOKENS, evidence_of
from attnlit.analysis.scores.positions import positional
from attnlit.analysis.scores.registry import BY_NAME, SCORES, TOLD_BY_A_TEXT
from attnlit.analysis.scores.score import Role
from attnlit.models.layers import heads_in_order

if TYPE_CHECKING:
    import pandas as pd

    from attnlit.attention.record import Attention


def head_roles(attention: Attention) -> pd.DataFrame:
    """One row a head: `layer`, `head`, and every score that applies to this record.

    Self-attention: previous, next (not in causal models), current, same, same_other_sentence (pairs),
    induction (causal), offset and offset_share, distance and distance_rest in tokens. All kinds: first,
    separators (special tokens but the first key), punctuation, entropy and entropy_rest in nats; `_rest`
    leaves the first key out. A score is left out where the text has nothing to score. What each measures,
    and its source, stands in `attnlit.analysis.scores.registry`.

    Raises AttnlitError for a record of which a filter has hidden a part, and for one whose pieces are put
    together into words. In cross-attention the keys must be whole; any part of the queries will do.
    """
    import pandas as pd

    scores = head_scores(attention)
    if attention.kind != "cross":
        scores["offset"], scores["offset_share"] = positional(attention.weights)
    heads = heads_in_order(attention.layer_numbers, attention.heads)
    table = pd.DataFrame(heads, columns=["layer", "head"]).assign(
        **{name: values.ravel() for name, values in scores.items()}
    )
    return table.dropna(axis=1, how="all")


def head_scores(attention: Attention, only: Collection[str] | None = None) -> dict[str, np.ndarray]:
    """The scores of `head_roles` but the offsets: (L, H) each, NaN where nothing is to be scored.

    only: the names of those to compute; all where it is left out. Raises AttnlitError as `head_roles`.
    """
    evidence = evidence_of(attention)
    return {
        score.name: score.compute(evidence)
        for score in SCORES
        if score.compute is not None
        and score.on_one_text
        and (only is None or score.name in only)
        and score.applies(evidence)
    }


def roles_on_text(attention: Attention, layer: int, head: int) -> list[tuple[Role, float]] | None:
    """The roles of a head on one text with their scores, the one whose threshold it exceeds most first.

    A role that says what the head looks for comes before looking at itself and resting on the first token,
    which many heads do besides. None for a text of fewer than FEWEST_TOKENS tokens. Raises AttnlitError for
    a layer or head that the model lacks, and as `head_roles`.
    """
    row = attention.row(layer, head)
    if _is_short(attention):
        return None
    weights = attention.weights[row : row + 1, head : head + 1]
    one = replace(attention, weights=weights, layer_numbers=(layer,))
    found = [
        (TOLD_BY_A_TEXT[name], float(values[0, 0]))
        for name, values in head_scores(one, only=TOLD_BY_A_TEXT).items()
        if values[0, 0] >= TOLD_BY_A_TEXT[name].least
    ]
    return sorted(found, key=lambda each: (each[0].rank, -each[1] / each[0].least))


def main_roles(attention: Attention) -> tuple[tuple[str, ...], tuple[tuple[int | None, ...], ...]]:
    """What each head does first of all on one text: for the colours of the model view.

    Returns the titles of all scores that name a role on one text, the same for every text, and for each head
    (L, H) which of them comes first in `roles_on_text`; None where there is none, as in every text of fewer
    than FEWEST_TOKENS tokens. Raises AttnlitError as `head_roles`.
    """
    titles = tuple(BY_NAME[name].title for name in TOLD_BY_A_TEXT)
    shape = (attention.layers, attention.heads)
    if _is_short(attention):
        return titles, ((None,) * shape[1],) * shape[0]
    found = head_scores(attention, only=TOLD_BY_A_TEXT)
    exceeds = np.zeros((len(TOLD_BY_A_TEXT), *shape))  # 0: not met
    for place, (name, role) in enumerate(TOLD_BY_A_TEXT.items()):
        values = np.nan_to_num(found.get(name, exceeds[place]))
        by = 1 / (1 + role.rank) if role.rank else values / role.least  # at least 1 where the rank is 0
        exceeds[place] = np.where(values >= role.least, by, 0)
    first = exceeds.argmax(axis=0)
    none = exceeds.max(axis=0) == 0
    return titles, tuple(
        tuple(None if without else int(role) for role, without in zip(*row, strict=True))
        for row in zip(first, none, strict=True)
    )


def _is_short(attention: Attention) -> bool:
    return min(len(attention.queries), len(attention.keys)) < FEWEST_TOKENS
