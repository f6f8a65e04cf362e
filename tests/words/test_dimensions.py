"""What is said of the dimensions that carry a fall, and of their removal."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from attnlit.words.dimensions import (
    carriers_in_words,
    decay_heads_in_words,
    pair_in_words,
    removal_in_words,
    strongest_in_words,
)
from tests.records import vectors_record

STEADY = pd.Series({"decay": 0.9, "rank": -1.0})


def carriers(*shares: float) -> pd.DataFrame:
    return pd.DataFrame({"dimension": range(len(shares)), "share": shares})


def test_as_many_dimensions_are_named_as_carry_half() -> None:
    assert "**one dimension carries half" in carriers_in_words(carriers(0.6, 0.3, 0.1), 0.0, rotary=False)
    assert "**2 dimensions carry half" in carriers_in_words(carriers(0.4, 0.3, 0.3), 0.0, rotary=False)
    # Half of what all dimensions carry: with a fifth from elsewhere, 0.4 is enough.
    some = carriers_in_words(carriers(0.4, 0.3, 0.1), 0.2, rotary=True)
    assert "**one dimension carries half" in some
    assert "20% of the fall does not come from these products" in some
    assert "RoPE" in some


def test_a_fall_that_no_dimension_carries_and_no_fall_are_said() -> None:
    most = carriers_in_words(carriers(0.05, 0.05), 0.9, rotary=False)
    assert "**90% of this head's fall does not come from these products**" in most
    assert "no fall to share out" in carriers_in_words(carriers(np.nan, np.nan), 0.0, rotary=False)


def test_how_many_heads_fall_is_said_of_the_model() -> None:
    table = pd.DataFrame(
        {"layer": [1, 0, 0], "head": [2, 1, 0], "decay": [0.9, 0.7, 0.1], "rank": [-1.0, -0.95, 0.0]}
    )
    assert (
        decay_heads_in_words("tiny*", table) == "tiny\\* has **2 distance-decay heads**; the clearest is 1-2."
    )
    assert "**1 distance-decay head**" in decay_heads_in_words("tiny", table[::2])
    assert decay_heads_in_words("tiny", table[2:]).endswith(
        "has **no distance-decay head**; 0-0 comes closest."
    )


def test_what_removal_leaves_is_a_share_of_the_fall() -> None:
    whole = np.log(2) / 4
    falls = {"head 1-2": whole, "2 removed": 0.0, "2 others removed": whole / 2, "all removed": np.nan}
    said = removal_in_words(falls, STEADY)
    assert said.startswith("The attention of head 1-2 halves about every 4.0 tokens.")
    assert "With **2 removed** it no longer falls." in said
    assert "With **2 others removed** it halves every 8.0 tokens (50% of the fall is left)." in said
    assert "With **all removed** it leaves nearly all its attention on the first token." in said
    assert "move the slider" in removal_in_words({"head 1-2": whole}, STEADY)
    assert "no steady fall to lose" in removal_in_words(falls, pd.Series({"decay": 0.05, "rank": -1.0}))


@pytest.mark.parametrize("bias", [True, False])
def test_a_pairs_products_are_told_beside_the_mean_score(bias: bool) -> None:
    attention = vectors_record(queries=4, bias=bias)
    vectors = attention.vectors(0, 1)
    total = float(vectors.scaling * (vectors.q[2] * vectors.k[1]).sum())
    said = pair_in_words(attention, 0, 1, 2, 1, total)
    assert f"the products add up to {total:+.2f}".replace("-", "−") in said
    assert (", and the model adds " in said) == bias
    mean = float(vectors.scores[2][np.isfinite(vectors.scores[2])].mean())
    assert said.endswith(f"the mean score is {mean:+.2f}.".replace("-", "−"))


def test_the_strongest_dimensions_are_named_either_way() -> None:
    table = pd.DataFrame({"dimension": [4, 7, 9, 11], "product": [0.1, -3.0, 2.0, 0.5]})
    said = "The largest are dimensions 7 (−3.00), 9 (+2.00), 11 (+0.50)."
    assert strongest_in_words(table, "product", "+.2f") == said
