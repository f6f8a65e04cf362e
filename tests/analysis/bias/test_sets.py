"""The effects of a set of templates."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from attnlit.analysis import bias
from attnlit.analysis.bias import (
    Contrast,
    SetEffects,
    Template,
    averages,
    bias_effects,
    set_effects,
)
from attnlit.attention import load
from attnlit.errors import AttnlitError
from attnlit.models.model import Model
from tests import planted
from tests.analysis.bias.planted_routes import (
    BESIDES,
    SWAPPED,
    votes,
)
from tests.tolerances import RATIO, ROUNDING

pytestmark = pytest.mark.numeric

GetModel = Callable[[str], Model]
GetFolder = Callable[[str], Path]


@pytest.mark.whole
def test_words_alone_pull_both_readings_apart(tmp_path: Path) -> None:
    """A model in which "she" goes with "tired" whoever is meant: the factor of the set is 1."""
    module = planted.blank()
    votes(module, planted.TOKENS, "she", "tired", 1.0)
    model = load(str(planted.save(module, tmp_path)))
    template = Template("the {first} saw the {second} because {pronoun}", "tired", "late", "nurse", "doctor")
    measured = set_effects(model, [template, replace(template, about_first="late", about_second="kind")])
    np.testing.assert_allclose(
        measured.table["total"][:4], [math.e - 1] * 2 + [1 / math.e - 1] * 2, atol=ROUNDING
    )
    np.testing.assert_allclose(measured.table["total"][4:], 0, atol=ROUNDING)
    found = averages(measured).table.set_index("effect")
    assert found.loc["total", "factor"] == pytest.approx(1, **RATIO)
    assert found.loc["total", "mean"] > 0.2  # a doubling weighs more than a halving
    assert found.loc["indirect", "mean"] == pytest.approx(0, **RATIO)


def test_the_planted_route_is_found_in_a_set(two_routes: Model) -> None:
    template = Template("the {first} asked the {second} . {pronoun}", "tired", "late", "nurse", "doctor")
    measured = set_effects(two_routes, [template])
    assert measured.heads.shape == (1, 4, 2, planted.HEADS)
    one, turned, exchanged, _ = measured.table.itertuples(index=False)
    assert math.log1p(one.total) == pytest.approx(SWAPPED, **RATIO)
    assert (turned.first, turned.expected) == (one.second, one.other)
    assert math.log1p(turned.indirect) == pytest.approx(SWAPPED - BESIDES, **RATIO)
    # The words stand for the other person now, so what speaks for "nurse" speaks for "late".
    assert math.log1p(exchanged.total) == pytest.approx(-SWAPPED, **RATIO)
    best = averages(measured).heads.nlargest(2, "indirect")
    assert set(zip(best["layer"], best["head"], strict=True)) == {(0, 1), (0, 3)}


def test_means_and_intervals_of_a_set_by_hand() -> None:
    totals = np.array([[0.2, 0.2, -0.1, -0.1], [1.0, 1.0, 0.6, 0.6], [0.4, 0.4, -0.2, -0.2]])
    table = pd.DataFrame({"template": np.repeat([0, 1, 2], 4), "total": totals.ravel()})
    table["indirect"], table["direct"] = table["total"] / 2, 0.0
    heads = totals[:, :, None, None] * np.array([[1.0, 0.0], [0.5, -1.0]])  # (3, 4, 2, 2)
    measured = SetEffects(table, heads, tuple(range(heads.shape[2])), ())
    found = averages(measured)
    rows = found.table.set_index("effect")
    means = totals.mean(1)
    assert found.templates == 3
    assert rows.loc["total", "mean"] == pytest.approx(np.mean(means))
    assert (
        means.min()
        <= rows.loc["total", "lower"]
        < np.mean(means)
        < rows.loc["total", "upper"]
        <= means.max() + 1e-9
    )
    by_hand = np.exp(np.log1p(totals).mean(1).mean())
    assert rows.loc["total", "factor"] == pytest.approx(by_hand)
    assert rows.loc["direct", ["mean", "lower", "upper"]].tolist() == [0, 0, 0]
    assert rows.loc["direct", ["factor", "factor_lower", "factor_upper"]].tolist() == [1, 1, 1]
    np.testing.assert_allclose(found.heads["indirect"], np.mean(means) * np.array([1, 0, 0.5, -1]))
    assert found.strongest == pytest.approx(np.mean(means) * 0.5)  # fewer than ten heads: all of them

    # Above 0 are 0.2, 0.2, 0.4, 0.4, 0.6, 0.6, 1, 1: a quarter of them lie up to 0.35.
    kept = averages(measured, expected_only=True)
    assert kept.templates == 2
    assert kept.table.set_index("effect").loc["total", "mean"] == pytest.approx((0.8 + 0.4) / 2)
    table["total"] = -1 * table["total"].abs() / 2
    table.loc[0, "total"] = 0.5
    alone = averages(measured, expected_only=True)  # one sentence has no quarter to be left out
    assert alone.table.set_index("effect").loc["total", "mean"] == pytest.approx(0.5)
    table.loc[0, "total"] = -0.5
    with pytest.raises(AttnlitError, match="Look at all sentences instead"):
        averages(measured, expected_only=True)


def test_a_set_takes_what_is_remembered(two_routes: Model) -> None:
    template = Template("the {first} asked the {second} . {pronoun}", "tired", "late", "nurse", "doctor")
    asked = []

    def remembering(model: Model, contrast: Contrast, **options: Any) -> bias.Effects:
        asked.append(contrast)
        return bias_effects(model, contrast, **options)

    measured = set_effects(two_routes, [template], measure=remembering)
    assert tuple(asked) == template.contrasts()
    pd.testing.assert_frame_equal(measured.table, set_effects(two_routes, [template]).table)


def test_templates_that_do_not_suit_a_model_are_named(tiny_model: GetModel) -> None:
    bert = tiny_model("bert")
    suits = Template("The {first} saw the {second}; {pronoun}", "the", "a", "nurse", "doctor", ("she", "the"))
    unknown = replace(suits, about_first="generous")
    measured = set_effects(bert, [unknown, suits])
    assert set(measured.table["template"]) == {1}
    assert len(measured.left_out) == 1
    assert "“generous” is not a single token" in measured.left_out[0]
    with pytest.raises(AttnlitError, match="no sentence in this set"):
        set_effects(bert, [])
    with pytest.raises(AttnlitError, match="None of these sentences suits"):
        set_effects(bert, [unknown])
    with pytest.raises(AttnlitError, match="neither writes"):
        set_effects(tiny_model("t5"), [suits])
