"""What was pointed at, in a sentence."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import attnlit
from attnlit.analysis.scores import BY_NAME
from attnlit.analysis.survey import FoundHeads
from attnlit.attention import Attention
from attnlit.words.find import found_in_words


@pytest.fixture(scope="module")
def record() -> Attention:
    return attnlit.Attention.from_arrays(np.eye(3)[None, None], ["the", "*cat*", "sat"], causal=True)


def heads(overall: float, usual: float) -> pd.DataFrame:
    columns = {"layer": [4], "head": [2], "here": [0.62], "usual": [usual], "overall": [overall]}
    return pd.DataFrame(columns)


def test_a_look_with_a_name_says_which_and_who_does_it(record: Attention) -> None:
    said = found_in_words(FoundHeads(BY_NAME["previous"], heads(0.8, 0.3)), record, 2, 1)
    assert r"*sat* looks at *\*cat\**: a case of *previous token*" in said[0].lower() + said[1:]
    assert "**4-2** does it most: 62% here, and 80% over all the texts" in said


def test_a_look_without_a_name_says_how_unusual_it_is(record: Attention) -> None:
    said = found_in_words(FoundHeads(None, heads(np.nan, 0.05)), record, 2, 0)
    assert "No score covers" in said
    assert "**4-2**: 62%, where it usually gives 5.0% at that distance." in said
    assert "usually" not in found_in_words(FoundHeads(None, heads(np.nan, np.nan)), record, 2, 2)
