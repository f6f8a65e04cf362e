"""The heads whose attention falls with distance.

GPT-2's head 1-10 is the example of Vig 2019 (arXiv 1904.02679, section 4.3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from attnlit.analysis.distance.profile import DistanceProfile, towards
from attnlit.analysis.statistics import rank_correlation
from attnlit.models.layers import heads_in_order

if TYPE_CHECKING:
    import pandas as pd

FEWEST_QUERIES = 30  # with fewer left when the first token is left out, nothing is said of a head
# From both on a head is called a distance-decay head. The thresholds are ours and have no source.
DECAY_FROM, RANK_FROM = 0.5, -0.9


def scan(profile: DistanceProfile) -> pd.DataFrame:
    """How clearly each head's attention falls with distance. One row a head, the clearest first.

    All but `first` leave the first token out (see `DistanceProfile`), and the token itself (distance 0).
    decay: the share of the variance of log attention, within a query's row, that one falling straight line
    over distance explains; the same line for every query, so content only adds to what is not explained.
    1: attention is divided by the same factor with every token; 0: distance does not matter, or not as a
    line, as for a head that looks at the token before alone; below 0: attention rises with distance.
    side: the keys for which that is so, "before" or (in an encoder) "after" the query: the clearer side.
    by_distance: the share that distance explains in any shape: 1 is a head that follows position alone.
    rank: Spearman's correlation of distance and mean attention: -1 if each step takes some away.
    fall: nats of score that a token of distance costs; half: after how many tokens attention is half (NaN
    where it does not fall). first: mean attention to the first token. queries: how many count; with fewer
    than FEWEST_QUERIES decay is NaN.
    """
    import pandas as pd

    best = np.where(np.isnan(profile.line), -np.inf, profile.line).argmax(0)  # (L, H): number of the side
    rows = []
    for layer, head in heads_in_order(profile.layer_numbers, profile.first.shape[1]):
        at = (profile.row(layer), head)
        side = best[at]
        relative = profile.attention_rest[at] / profile.even_rest
        distances, curve = towards(profile, layer, head, relative, profile.sides[side])
        slope, queries = profile.slope[side, *at], profile.queries_rest[at]
        rows.append(
            {
                "layer": layer,
                "head": head,
                "decay": profile.line[side, *at] if queries >= FEWEST_QUERIES else np.nan,
                "side": profile.sides[side],
                "rank": rank_correlation(distances, curve.round(4)),  # not of rounding errors
                "by_distance": profile.explained[side, *at],
                "fall": -slope,
                "half": np.log(2) / -slope if slope < 0 else np.nan,
                "first": profile.first[at],
                "queries": queries,
            }
        )
    return pd.DataFrame(rows).sort_values("decay", ascending=False, kind="stable", ignore_index=True)


def is_decay(row: pd.Series) -> bool:
    """Whether a row of `scan` is that of a distance-decay head, by our thresholds."""
    return bool(row["decay"] >= DECAY_FROM and row["rank"] <= RANK_FROM)


def distance_table(
    profile: DistanceProfile, layer: int, head: int, *, with_first: bool = False
) -> pd.DataFrame:
    """A head's mean attention at each distance. One row a distance, ahead (negative) first.

    Columns: distance, attention, even (what an even head gives), pairs (how many each row rests on).
    with_first counts the first token; else it is left out and each row divided by what remains.
    """
    import pandas as pd

    attention, even = (
        (profile.attention, profile.even) if with_first else (profile.attention_rest, profile.even_rest)
    )
    at = (profile.row(layer), head)
    pairs = profile.queries if with_first else profile.queries_rest[at]
    return pd.DataFrame(
        {"distance": profile.distances, "attention": attention[at], "even": even, "pairs": pairs}
    )
