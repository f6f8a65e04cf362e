"""One pair of prompts: under the chosen head, and how likely each continuation is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from attnlit.analysis.bias import STRONGEST, Effects, swapped_tokens
from attnlit.app import described, panels, saving
from attnlit.app.bias.effects import decimals
from attnlit.charts.head import head_picture
from attnlit.charts.heatmap import difference_picture, difference_table
from attnlit.wording import escaped
from attnlit.words.bias import both_prompts_in_words, prompt_in_words, ratio_in_words, signed
from attnlit.words.compare import largest_difference_in_words
from attnlit.words.read_out import read_out

if TYPE_CHECKING:
    from attnlit.app.frame.request import Choice
    from attnlit.attention import Attention


def two_heads(choice: Choice, first: Attention, second: Attention) -> None:
    """The chosen head in both prompts, side by side; below, what it looks at in one and not in the other."""
    swapped = swapped_tokens(first, second)
    st.markdown(f"### Layer {choice.layer}, head {choice.head} in both prompts")
    sides = ((first, second.text, "first"), (second, first.text, "second"))
    for column, (record, other_text, name) in zip(st.columns(2), sides, strict=True):
        with column:
            st.markdown(prompt_in_words(record.text, other_text))
            panels.picture(
                head_picture(
                    record, choice.layer, [choice.head], theme=choice.theme, pinned=("query", swapped[-1])
                ),
                key=f"bias_{name}",
                alt=f"Head view of the chosen head, {name} prompt",
            )
            with described.words_of(f"bias_{name}", border=False):
                st.markdown(read_out(record, choice.layer, [choice.head], swapped[-1])[0])
    one, other = (_words(record, swapped) for record in (first, second))
    blue, orange = escaped(other), escaped(one)
    before, after = (_from_swapped(record, swapped) for record in (first, second))
    table = difference_table(before, after, choice.layer, choice.head)
    with described.words_of("bias_difference", border=False):
        st.markdown(
            f"**Difference:** blue where *{blue}* looks more, orange where *{orange}* does. "
            + largest_difference_in_words(table, ("the first prompt", "the second"))
        )
    panels.picture(
        difference_picture(before, after, choice.layer, choice.head, theme=choice.theme),
        key="bias_difference",
        alt="Difference of the chosen head's attention in the two prompts",
    )
    saving.offer(
        "This head in both prompts",
        f"L{choice.layer}H{choice.head}_bias_attention",
        lambda: difference_table(first, second, choice.layer, choice.head),
    )


def _words(record: Attention, swapped: Sequence[int]) -> str:
    return " ".join(record.query_tokens[place] for place in swapped)


def _from_swapped(record: Attention, swapped: Sequence[int]) -> Attention:
    """Without the rows that cannot differ: of a causal model those before the swapped word."""
    start = swapped[0] if record.causal else 0
    return replace(record, weights=record.weights[:, :, start:], queries=record.queries[start:])


def prompts(first: Attention, second: Attention) -> None:
    """Both prompts in large type, the swapped words marked."""
    st.markdown(f"## {both_prompts_in_words(first.text, second.text)}")


def continuations(found: Effects, first: Attention, second: Attention) -> None:
    """How likely each continuation is after each prompt, and their ratio."""
    swapped = swapped_tokens(first, second)
    one, other = (_words(record, swapped) for record in (first, second))
    table = pd.DataFrame(
        {
            "continuation": [found.contrast.expected, found.contrast.other],
            f"after {one}": found.scores[0],
            f"after {other}": found.scores[1],
        }
    )
    shown = table.set_index("continuation").mul(100).reset_index()  # all with as many decimals
    most = 100 * float(found.scores.max()) or 1.0
    bar = st.column_config.ProgressColumn(format="%.2f%%", min_value=0.0, max_value=most, width="small")
    st.markdown(ratio_in_words(found, escaped(one), escaped(other)))
    columns = dict.fromkeys(table.columns[1:], bar)
    panels.table_of(shown, "Continuations table", column_config=columns)
    saving.offer("Continuations", "bias_continuations", lambda: table)
    st.caption(
        "A continuation of several words or pieces counts as the geometric mean of their probabilities."
    )


def layers(found: Effects) -> None:
    """The effects of whole layers, and of the strongest heads together."""
    left, right = st.columns(2)
    with left:
        table = found.layers
        panels.numbers(table, "Layers", "bias_layers", column_config=decimals(table))
    with right:
        st.markdown(
            "**Whole layers:** all heads of a layer at once.\n\n"
            f"The {STRONGEST} largest indirect effects of heads add up to **{signed(found.strongest)}**; "
            f"all heads at once have **{signed(found.indirect)}**."
        )
