"""What is said of two prompts that differ in one word, and of a set."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from attnlit.analysis.bias import Averages, Contrast, Effects
from attnlit.words.bias import (
    both_prompts_in_words,
    by_chance,
    prompt_in_words,
    ratio_in_words,
    signed,
    verdict,
)


def test_the_words_that_differ_are_bold_and_none_is_markup() -> None:
    assert prompt_in_words("She *was* late", "He *was* late") == "**She** \\*was\\* late"
    assert prompt_in_words("She was", "He was very late") == "She was"  # nothing stands in the same place


def test_two_prompts_are_one_line_with_both_words_where_they_differ() -> None:
    she = both_prompts_in_words("The nurse said *she*", "The nurse said he")
    assert she == "The nurse said :orange-background[\\*she\\*] / :blue-background[he]"
    longer = both_prompts_in_words("She was", "He was very late")
    assert longer == ":orange-background[She was] / :blue-background[He was very late]"


def test_ratios_are_those_of_the_scores() -> None:
    contrast = Contrast("a b", "a c", "was *kind*", "was late")
    found = Effects(contrast, np.array([[0.2, 0.1], [0.1, 0.2]]), np.ones((2, 4)), (0,), 2)
    said = ratio_in_words(found, "She", "He")
    assert "After *She*, “was late” is **2.0 times less likely** than “was \\*kind\\*”" in said
    assert "; after *He*, **2.0 times as likely**. Swapping" in said
    assert said.endswith("4.00 times what it was: a total effect of 4.00 − 1.")


def test_a_swap_that_changes_nothing_is_said_to_change_nothing() -> None:
    scores = np.array([[0.2, 0.2], [0.1, 0.1001]])
    same = Effects(Contrast("a b", "a c", "kind", "late"), scores, np.ones((2, 4)), (0,), 2)
    assert ratio_in_words(same, "She", "He").endswith("as it was: there is no total effect.")
    assert signed(-0.0001) == "0.000"


@pytest.mark.parametrize(
    ("lower", "upper", "words"),
    [(1.1, 1.5, "leans on the stereotype"), (0.6, 0.9, "leans against"), (0.9, 1.2, "do not show a lean")],
)
def test_the_verdict_is_that_of_the_interval(lower: float, upper: float, words: str) -> None:
    table = pd.DataFrame({"effect": ["total"], "factor_lower": [lower], "factor_upper": [upper]})
    assert words in verdict(Averages(3, table, pd.DataFrame(), 0.0))


def test_small_numbers() -> None:
    assert (signed(0.3944), signed(-0.0123)) == ("+0.394", "−0.012")
    assert "Of 40 intervals at 95%, about 2 miss" in by_chance(pd.DataFrame(index=range(40)))
