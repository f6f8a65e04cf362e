"""The three effects and what each means, those of each head, and a paper's numbers beside ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import streamlit as st

from attnlit.analysis.bias import Effects, Published
from attnlit.app import described, panels, saving
from attnlit.app.frame.chosen import begin_at
from attnlit.charts.head_map import head_map_picture
from attnlit.words.bias import ABOUT_MEASURES, LIMITS, MEASURES, PLAIN, signed

if TYPE_CHECKING:
    from attnlit.app.frame.request import Choice

PAIR_SCALE = "0: no change; +1: twice; −0.5: half."
SET_SCALE = "×1: no change; ×2: twice; ×0.5: half."


def effect_words(effects: pd.DataFrame) -> None:
    """The three effects of one pair with what each means. effects: as `pair_effects` gives them."""
    values = effects.set_index("effect")["value"]
    three({name: signed(values[name]) for name in PLAIN}, PAIR_SCALE, {}, effects)


def three(values: dict[str, str], scale: str, ranges: dict[str, str], file: pd.DataFrame) -> None:
    """The three effects side by side. ranges: lines under each number; file: what the button saves."""
    for column, (name, about) in zip(st.columns(3), PLAIN.items(), strict=True):
        with column.container(border=True, height="stretch"):
            st.metric(f"{name.capitalize()} effect", values[name])
            if name in ranges:
                st.markdown(ranges[name])
            st.caption(f"{about} {scale}" if name == "total" else about)
    saving.offer("Three effects", "bias_effects", lambda: file)


def pair_effects(found: Effects) -> pd.DataFrame:
    """The three effects of one pair: `effect`, `value`, and for the file what was asked."""
    values = [getattr(found, name) for name in PLAIN]
    return pd.DataFrame({"effect": list(PLAIN), "value": values, **vars(found.contrast)})


def head_table(found: Effects | None, differences: pd.DataFrame) -> pd.DataFrame:
    """What is known of each head: effects, where they are measured, and where it looks."""
    if found is None:
        return differences
    return found.heads.merge(differences, on=["layer", "head"])


def head_map(choice: Choice, table: pd.DataFrame, measure: str, key: str, hint: str) -> dict[str, Any]:
    """A map of the heads by one measure, where a click chooses the head, and the way to the strongest one.

    hint: what a click is good for, or how to read the map. Returns how the map is drawn, as
    `head_map_picture` is told it, its values among it.
    """
    best = table.loc[table[measure].abs().idxmax()]
    if measure != "direct":  # near the total effect for every head
        begin_at(int(best["layer"]), int(best["head"]))
    by_head = table.pivot(index="layer", columns="head", values=measure)  # in order
    values = by_head.to_numpy()
    drawn = {
        "values": values,
        "title": MEASURES[measure],
        "layers": by_head.index.to_list(),
        "signed": measure == "indirect",
        "limits": _limits(values) if measure == "direct" else None,
        "form": "z.3f",
    }
    panels.heads_picture(
        head_map_picture(selected=(choice.layer, choice.head), theme=choice.theme, **drawn),
        key=f"{key}_map",
        alt=f"{MEASURES[measure]}, layers downwards, heads across",
    )
    with described.words_of(f"{key}_map", border=False):
        st.caption(f"{ABOUT_MEASURES[measure]} {hint}")
    if measure != "direct":
        panels.show_head(choice, int(best["layer"]), int(best["head"]), signed(best[measure]))
    return drawn


def head_list(table: pd.DataFrame, measure: str, key: str) -> None:
    """All heads with all their numbers, the strongest first."""
    shown = table.sort_values(measure, ascending=False)
    panels.numbers(shown, "Heads", f"{key}_heads", column_config=decimals(shown), height=360)


def _limits(values: np.ndarray) -> tuple[float, float] | None:
    """From the smallest to the largest: direct effects of single heads all lie near the total effect."""
    low, high = float(values.min()), float(values.max())
    return (low, high) if low < high else None


def decimals(table: pd.DataFrame) -> dict[str, st.column_config.Column]:
    """Fractions with four decimals; whole numbers and texts as they are."""
    four = st.column_config.NumberColumn(format="%.4f")
    return {name: four for name in table.columns if table[name].dtype.kind == "f"}


def published(numbers: Published, effects: pd.DataFrame, heads: pd.DataFrame, caveat: str) -> None:
    """A paper's numbers beside ours. effects: as `pair_effects` gives them, or the means of a set."""
    ours = effects.set_index("effect").iloc[:, 0]
    by_head = heads.set_index(["layer", "head"])["indirect"]
    rows = [(name, getattr(numbers, name), ours[name]) for name in PLAIN]
    rows += [
        (f"indirect, head {layer}-{head}", value, float(by_head[layer, head]))
        for (layer, head), value in numbers.heads.items()
    ]
    table = pd.DataFrame(rows, columns=["effect", "published", "here"])
    st.markdown(f"**Published numbers.** {numbers.source}. {caveat}")
    panels.numbers(table, "Beside the paper", "bias_published", column_config=decimals(table))


def limits() -> None:
    """What such a number can and cannot show."""
    st.header("What these numbers cannot show", anchor=False)
    st.markdown(LIMITS)
