"""What a survey says of heads, in words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from attnlit.analysis.survey import Survey, roles_of
from attnlit.words.survey import in_words, repeated_in_words, rests_on, score_in_words, shown


def test_a_role_is_told_in_words(found: Survey) -> None:
    assert "**A previous-token head and a positional head.**" in in_words(found, 0, 1)
    assert "100%" in in_words(found, 0, 1)
    assert [score.name for score in roles_of(found, 0, 3)] == ["first"]
    assert "No clear role" in in_words(found, 1, 0)
    assert shown("entropy", 1.234) == "1.23 nats"
    assert shown("copying", -0.5) == "−0.50"
    assert shown("previous", np.nan) == "–"


def test_what_a_head_lacks_for_a_role_is_said(found: Survey) -> None:
    """Head 1-0 is even: it comes closest to resting on the first token, as early tokens see little else."""
    said = in_words(found, 1, 0)
    share = shown("first", found.values["first"][1, 0])
    assert said == (
        "**No clear role.** It comes closest to a first-token head (attention sink): "
        f"{share}; the threshold is 30%."
    )
    nothing = {name: np.zeros_like(claimed) for name, claimed in found.claimed.items()}
    as_good = replace(found, claimed=nothing)
    assert in_words(as_good, 0, 1).endswith(", but heads of an untrained model come as close.")
    few = replace(as_good, units=dict.fromkeys(found.units, 3))
    assert in_words(few, 0, 1).endswith(", but 3 texts are too few to call it one.")
    alone = replace(as_good, untrained={}, why_no_untrained="It is too large.")
    assert (
        in_words(alone, 0, 1) == "No role is named: there is no untrained model to compare. It is too large."
    )


def test_a_score_is_told_with_what_it_rests_on(found: Survey) -> None:
    said = score_in_words(found, "positional", 0, 1)
    tokens = found.counts["positional"][0, 1]
    assert said.startswith(f"Fixed distance: **100%**, over {tokens:,} tokens. Before training: ")
    assert said.endswith(" Its distance: 1 token back.")
    interval = score_in_words(found, "entropy", 1, 0)
    low, high = (shown("entropy", bounds["entropy"][1, 0]) for bounds in (found.lower, found.upper))
    assert f"(95% interval {low} to {high})" in interval
    assert "nothing to score" in score_in_words(found, "copying", 0, 3)  # it writes nothing
    assert rests_on(found) == f"Read: 24 texts with {found.tokens:,} tokens."
    assert rests_on(replace(found, texts=1, left_out=2)).endswith("2 were left out, too short or too long.")


def test_a_loss_on_repeated_words_is_told_with_its_interval() -> None:
    rows = [["", 0.5, 0.0, 0.0, 0.0], ["1-2", 3.5, 3.0, 2.5, 3.25], ["1-0", 0.5, -0.01, -0.02, 0.0]]
    said = repeated_in_words(pd.DataFrame(rows, columns=["off", "loss", "rise", "lower", "upper"]))
    assert "with a loss of 0.50 nats; without head 1-2 the loss is 3.50" in said
    assert "**+3.00** (95% interval +2.50 to +3.25)" in said
    assert said.endswith("Without 1-0, a random head of the same layer: -0.01.")
