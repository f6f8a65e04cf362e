"""The set of sentences: what it is made of, its averages with their intervals, and each of them."""

from __future__ import annotations

import streamlit as st

from attnlit.analysis.bias import TEMPLATES, Averages, SetEffects
from attnlit.app import panels, say
from attnlit.app.bias.effects import SET_SCALE, decimals, three
from attnlit.words.bias import signed, verdict

EXAMPLE = TEMPLATES[2].contrasts()[0].first + " early / late"


def about_set() -> None:
    """What the set is made of."""
    st.markdown(
        f"**{len(TEMPLATES)} sentences of our own** about two people, such as “{EXAMPLE}”. Each is read four "
        "times: with the two people in either place, and starting from *she* or from *he*. Each time the "
        "model chooses between a word about one of them and a word about the other."
    )


def averages(found: Averages) -> None:
    """The set's three factors, each with its interval, and under them the means that the paper gives."""
    rows = found.table.set_index("effect")
    values = {name: f"×{row['factor']:.3f}" for name, row in rows.iterrows()}
    ranges = {
        name: f"95% interval ×{row['factor_lower']:.3f} to ×{row['factor_upper']:.3f}  \n"
        f"Mean, as in the paper: {signed(row['mean'])} ({signed(row['lower'])} to {signed(row['upper'])})"
        for name, row in rows.iterrows()
    }
    three(values, SET_SCALE, ranges, found.table)


def set_verdict(found: Averages, filtered: bool) -> None:
    """What the set says, in words."""
    if filtered:
        say.hint(
            "These sentences were chosen for their effect, so their mean is above 0 whatever the model does. "
            "Look only at how the effect is shared between heads.",
            icon=":material/filter_alt:",
        )
        return
    st.markdown(verdict(found))
    st.caption(
        "Why a factor? Each sentence is also read with the two people exchanged, which reverses whatever "
        "comes from the words alone. In the mean of the effects a doubling (+1) outweighs a halving (−0.5), "
        "so the mean, and perhaps its whole interval, is above 0 even without any lean. In the factor they "
        "cancel out."
    )


def set_tables(measured: SetEffects) -> None:
    """Every sentence with its effects, and those that were left out."""
    st.markdown("**Every sentence**, in both directions")
    table = measured.table
    panels.numbers(
        table,
        "Every sentence",
        "bias_sentences",
        column_config=decimals(table),
        height=300,
    )
    for reason in measured.left_out:
        say.quiet(f"Left out: {reason}")
