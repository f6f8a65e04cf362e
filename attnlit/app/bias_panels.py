"""What the bias page shows: two prompts under one head, effects in plain words, tables and what they mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st

from attnlit.analysis.bias import (
    STRONGEST,
    TEMPLATES,
    Averages,
    Effects,
    Published,
    SetEffects,
    swapped_tokens,
)
from attnlit.app import panels, say
from attnlit.charts.head import head_picture
from attnlit.charts.head_map import head_map_picture
from attnlit.charts.heatmap import difference_picture, difference_table
from attnlit.wording import escaped

if TYPE_CHECKING:
    from attnlit.app.state import Choice
    from attnlit.attention import Attention

PLAIN = {
    "total": "How much the swapped word changes the ratio of the continuations.",
    "indirect": "The part that goes through **where heads look**: the first prompt, with the attention that "
    "all heads have in the second.",
    "direct": "The part that goes **another way**, such as the swapped word's own vector: the second prompt, "
    "with all attention as in the first.",
}
PAIR_SCALE = "0: no change; +1: twice; −0.5: half."
SET_SCALE = "×1: no change; ×2: twice; ×0.5: half."
LIMITS = """
- **One sentence is an anecdote.** Other words, or the two people in each other's place, may turn the sign.
  Look at the set, and at its interval.
- **The model repeats what it has read.** The two models that come with attnlit read novels of 1880 to 1927.
  Nothing here is true of nurses, doctors, women or men.
- **These are two pronouns, not all genders**, in one language, and a few professions that are tied to one of
  them by a stereotype. A bias of another kind can be there and not show here.
- **An effect is not a purpose.** A head with a large effect passes the difference on in these sentences; it
  need not be “for” gender, and the effects of single heads do not add up to that of all.
- **Small numbers are noisy.** Without an interval nobody knows whether 0.02 is anything.
"""


EXAMPLE = TEMPLATES[2].contrasts()[0].first + " early / late"
MEASURES = {
    "indirect": "Indirect effect",
    "direct": "Direct effect",
    "difference": "Difference of attention",
}
_ABOUT_MEASURES = {
    "indirect": "The first prompt, with only this head's attention from the second. Blue: that favours what "
    "is expected after the second prompt, orange: what is expected after the first.",
    "direct": "The second prompt, with only this head's attention from the first: what is left of the total "
    "effect without this head.",
    "difference": "How differently the head looks in the two prompts: 0 the same, 1 at quite other tokens.",
}


def two_heads(choice: Choice, first: Attention, second: Attention) -> None:
    """The chosen head in both prompts, side by side; below, what it looks at in one and not in the other."""
    swapped = swapped_tokens(first, second)
    st.markdown(f"##### Layer {choice.layer}, head {choice.head} in both prompts")
    sides = ((first, second.text, "first"), (second, first.text, "second"))
    for column, (record, other_text, name) in zip(st.columns(2), sides, strict=True):
        with column:
            st.markdown(_prompt(record.text, other_text))
            panels.picture(
                head_picture(
                    record, choice.layer, [choice.head], theme=choice.theme, pinned=("query", swapped[-1])
                ),
                key=f"bias_{name}",
                alt=f"Head view of the chosen head, {name} prompt",
            )
    one, other = (_words(record, swapped) for record in (first, second))
    st.markdown(f"**Difference:** blue where *{other}* looks more, orange where *{one}* does.")
    before, after = (_from_swapped(record, swapped) for record in (first, second))
    panels.picture(
        difference_picture(before, after, choice.layer, choice.head, theme=choice.theme),
        key="bias_difference",
        alt="Difference of the chosen head's attention in the two prompts",
    )
    panels.save_numbers(
        lambda: difference_table(first, second, choice.layer, choice.head),
        f"bias_attention_{choice.layer}_{choice.head}",
        key="bias_attention_file",
    )


def _prompt(text: str, other: str) -> str:
    """The prompt with the words in bold that the other one has not in this place."""
    words, others = text.split(), other.split()
    if len(words) != len(others):
        return escaped(text)
    parts = [
        escaped(word) if word == there else f"**{escaped(word)}**"
        for word, there in zip(words, others, strict=True)
    ]
    return " ".join(parts)


def _words(record: Attention, swapped: Sequence[int]) -> str:
    return escaped(" ".join(record.query_tokens[place] for place in swapped))


def _from_swapped(record: Attention, swapped: Sequence[int]) -> Attention:
    """Without the rows that cannot differ: of a causal model those before the swapped word."""
    start = swapped[0] if record.causal else 0
    return replace(record, weights=record.weights[:, :, start:], queries=record.queries[start:])


def continuations(found: Effects, first: Attention, second: Attention) -> None:
    """How likely each continuation is after each prompt, and their ratio."""
    swapped = swapped_tokens(first, second)
    one, other = (_words(record, swapped) for record in (first, second))
    expected, unexpected = escaped(found.contrast.expected), escaped(found.contrast.other)
    before, after = found.ratios
    table = pd.DataFrame(
        {
            "continuation": [found.contrast.expected, found.contrast.other],
            f"after {one}": found.scores[0],
            f"after {other}": found.scores[1],
        }
    )
    percent = st.column_config.NumberColumn(format="percent")
    left, right = st.columns(2)
    with left:
        columns = dict.fromkeys(table.columns[1:], percent)
        panels.numbers(table, "bias_continuations", key="bias_continuations", column_config=columns)
    with right:
        st.markdown(
            f"After *{one}* the model finds “{unexpected}” **{before:#.3g}** times as likely as "
            f"“{expected}”, after *{other}* **{after:#.3g}** times. The second is {after / before:#.3g} "
            f"times the first, so the total effect is {after / before:#.3g} − 1."
        )
        st.caption("A continuation of several words or pieces counts with their geometric mean.")


def effect_words(effects: pd.DataFrame) -> None:
    """The three effects of one pair with what each means. effects: as `pair_effects` gives them."""
    values = effects.set_index("effect")["value"]
    _three({name: signed(values[name]) for name in PLAIN}, PAIR_SCALE, {}, effects)


def _three(values: dict[str, str], scale: str, ranges: dict[str, str], file: pd.DataFrame) -> None:
    """The three effects side by side. ranges: lines under each number; file: what the button saves."""
    for column, (name, about) in zip(st.columns(3), PLAIN.items(), strict=True):
        with column.container(border=True, height="stretch"):
            st.metric(f"{name.capitalize()} effect", values[name])
            if name in ranges:
                st.markdown(ranges[name])
            st.caption(f"{about} {scale}" if name == "total" else about)
    panels.save_numbers(lambda: file, "bias_effects", key="bias_effects_file")


def pair_effects(found: Effects) -> pd.DataFrame:
    """The three effects of one pair: `effect`, `value`, and for the file what was asked."""
    values = [getattr(found, name) for name in PLAIN]
    return pd.DataFrame({"effect": list(PLAIN), "value": values, **vars(found.contrast)})


def signed(value: float) -> str:
    """An effect for people: +0.394, −0.012."""
    return f"{value:+.3f}".replace("-", "−")


def head_table(found: Effects | None, differences: pd.DataFrame) -> pd.DataFrame:
    """What is known of each head: effects, where they are measured, and where it looks."""
    if found is None:
        return differences
    return found.heads.merge(differences, on=["layer", "head"])


def which_heads(choice: Choice, table: pd.DataFrame, measure: str, key: str, hint: str) -> None:
    """A map of the heads by one measure (a click chooses the head), and the table of all, strongest first.

    hint: what a click is good for, or how to read the map.
    """
    layers, heads = (int(table[name].max()) + 1 for name in ("layer", "head"))
    values = table.sort_values(["layer", "head"])[measure].to_numpy().reshape(layers, heads)
    left, right = st.columns(2)
    with left:
        panels.picture(
            head_map_picture(
                values,
                title=MEASURES[measure],
                selected=(choice.layer, choice.head),
                signed=measure == "indirect",
                limits=_limits(values) if measure == "direct" else None,
                form="z.3f",
                theme=choice.theme,
            ),
            key=f"{key}_map",
            on_select=lambda: panels.follow_head(f"{key}_map"),
            selection="cell",
            alt=f"{MEASURES[measure]}, layers downwards, heads across",
        )
        st.caption(f"{_ABOUT_MEASURES[measure]} {hint}")
    with right:
        if measure != "direct":  # near the total effect for every head
            best = table.loc[table[measure].abs().idxmax()]
            panels.show_head(choice, int(best["layer"]), int(best["head"]), signed(best[measure]))
        shown = table.sort_values(measure, ascending=False)
        panels.numbers(shown, f"{key}_heads", key=f"{key}_heads", column_config=_decimals(shown), height=360)


def _limits(values: np.ndarray) -> tuple[float, float] | None:
    """From the smallest to the largest: direct effects of single heads all lie near the total effect."""
    low, high = float(values.min()), float(values.max())
    return (low, high) if low < high else None


def _decimals(table: pd.DataFrame) -> dict[str, st.column_config.Column]:
    """Fractions with four decimals; whole numbers and texts as they are."""
    four = st.column_config.NumberColumn(format="%.4f")
    return {name: four for name in table.columns if table[name].dtype.kind == "f"}


def layers(found: Effects) -> None:
    """The effects of whole layers, and of the strongest heads together."""
    left, right = st.columns(2)
    with left:
        table = found.layers
        panels.numbers(table, "bias_layers", key="bias_layers", column_config=_decimals(table))
    with right:
        st.markdown(
            "**Whole layers:** all heads of a layer at once.\n\n"
            f"The {STRONGEST} largest indirect effects of heads add up to **{signed(found.strongest)}**; "
            f"all heads at once have **{signed(found.indirect)}**."
        )


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
    panels.numbers(table, "bias_published", key="bias_published", column_config=_decimals(table))


def by_chance(heads: pd.DataFrame) -> str:
    """A caution on as many intervals as there are heads."""
    return (
        f"Of {len(heads)} intervals of 95% about {len(heads) / 20:.0f} miss the true value by chance alone. "
        "Click a head to choose it: “One pair” shows it."
    )


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
    _three(values, SET_SCALE, ranges, found.table)


def set_verdict(found: Averages, filtered: bool) -> None:
    """What the set says, in words."""
    row = found.table.set_index("effect").loc["total"]
    if filtered:
        say.hint(
            "These sentences were chosen for their effect, so their mean is above 0 whatever the model does. "
            "Read only how the effect is shared between heads.",
            icon=":material/filter_alt:",
        )
        return
    if row["factor_lower"] > 1:
        st.markdown(
            "**The model leans on the stereotype in these sentences:** the factor of the total effect and "
            "its whole interval are above 1."
        )
    elif row["factor_upper"] < 1:
        st.markdown("**The model leans against the stereotype in these sentences:** the factor is below 1.")
    else:
        st.markdown(
            "**No lean towards the stereotype can be told from these sentences:** the interval of the total "
            "effect's factor holds 1, no change."
        )
    st.caption(
        "Why a factor? Each sentence is also read with the two people exchanged, which turns round what "
        "comes from the words alone. In the mean of the effects a doubling (+1) outweighs a halving (−0.5), "
        "so it lies above 0 even where nothing leans, and so may its interval; in the factor they cancel."
    )


def set_tables(measured: SetEffects) -> None:
    """Every sentence with its effects, and those that were left out."""
    st.markdown("**Every sentence**, in both directions")
    table = measured.table
    panels.numbers(table, "bias_sentences", key="bias_sentences", column_config=_decimals(table), height=300)
    for reason in measured.left_out:
        say.quiet(f"Left out: {reason}")


def limits() -> None:
    """What such a number can and cannot show."""
    st.subheader("What these numbers cannot show", anchor=False)
    st.markdown(LIMITS)
