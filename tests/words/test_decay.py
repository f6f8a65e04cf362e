"""What is said of a head whose attention falls with distance, or does not."""

from __future__ import annotations

import numpy as np
import pandas as pd

from attnlit.words.decay import curve_in_words, decay_in_words

FALLING = pd.Series({"layer": 1, "head": 2, "decay": 0.9, "rank": -1.0, "by_distance": 0.95, "half": 4.62})


def test_a_head_is_called_by_both_thresholds() -> None:
    assert decay_in_words(FALLING) == (
        "**Head 1-2 is a distance-decay head**: a steady fall with distance explains 90% of how its "
        "attention differs from word to word. Its attention halves every 4.6 tokens."
    )
    unsteady = decay_in_words(FALLING.replace({-1.0: -0.5}))
    assert "is not a distance-decay head" in unsteady
    assert unsteady.endswith("Distance matters to it, but in another way.")


def test_a_head_that_falls_short_is_told_the_threshold() -> None:
    short = decay_in_words(pd.Series({**FALLING, "decay": 0.2, "by_distance": 0.3}))
    assert "explains 20%" in short
    assert short.endswith("(the threshold is 50%).")
    rising = decay_in_words(pd.Series({**FALLING, "decay": -0.4, "by_distance": 0.3}))
    assert "explains 0%" in rising


def test_a_head_with_nothing_left_is_not_judged() -> None:
    nothing = decay_in_words(pd.Series({**FALLING, "decay": np.nan}))
    assert nothing == (
        "**Head 1-2** gives nearly all its attention to the first token: nothing else can be measured."
    )


def test_a_curve_is_told_at_distances_that_double() -> None:
    table = pd.DataFrame(
        {"distance": range(6), "attention": [0.5, 0.25, 0.2, 0.1, np.nan, 0.05], "even": 0.125}
    )
    assert curve_in_words("head 1-2", table) == (
        "Head 1-2, attention by distance: 50% at 0, 25% at 1, 20% at 2. Spread evenly, it would be 12%."
    )
