"""What is said of a head whose attention falls with distance, or does not (Markdown)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from attnlit.analysis.distance import DECAY_FROM, is_decay
from attnlit.wording import capitalised, percent

if TYPE_CHECKING:
    import pandas as pd


def decay_in_words(row: pd.Series) -> str:
    """What a row of `scan` says, in one or two sentences, as Markdown."""
    name = f"Head {row['layer']:.0f}-{row['head']:.0f}"
    if np.isnan(row["decay"]):
        return f"**{name}** gives nearly all its attention to the first token: nothing else can be measured."
    explained = f"{max(row['decay'], 0):.0%} of how its attention differs from word to word"
    steady = f"a steady fall with distance explains {explained}"
    if is_decay(row):
        return (
            f"**{name} is a distance-decay head**: {steady}. "
            f"Its attention halves every {row['half']:.1f} tokens."
        )
    why = f"{steady} (the threshold is {DECAY_FROM:.0%})"
    if row["by_distance"] >= DECAY_FROM:
        return f"**{name} is not a distance-decay head**: {why}. Distance matters to it, but in another way."
    return f"**{name} is not a distance-decay head**: {why}."


def curve_in_words(name: str, table: pd.DataFrame) -> str:
    """What the curve of a head's attention by distance shows, at distances that double. One line, no markup.

    table: as `attnlit.analysis.distance.distance_table` makes it.
    """
    at = table.set_index("distance")
    known = at["attention"].dropna().index
    shown = [each for each in (0, 1, 2, 4, 8, 16, 32) if each in known]
    values = ", ".join(f"{percent(float(at['attention'][each]))} at {each}" for each in shown)
    even = percent(float(np.nanmean(at["even"])))
    return f"{capitalised(name)}, attention by distance: {values}. Spread evenly, it would be {even}."
