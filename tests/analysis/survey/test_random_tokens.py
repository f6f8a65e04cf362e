"""What random tokens say of a head that the literature knows."""

from __future__ import annotations

import numpy as np
import pytest

from attnlit.analysis.direct import direct_logits
from attnlit.analysis.scores.repeated import PERIOD, suppressing
from attnlit.analysis.survey.random_tokens import random_sequences
from attnlit.analysis.writing import writes
from tests.published import from_hub


@pytest.mark.hub
def test_gpt2s_head_of_copy_suppression() -> None:
    """McDougall et al. 2023, arXiv 2310.04625: head 10-7 lowers what is about to be said again."""
    model = from_hub("gpt2")
    drawn = random_sequences(model, "self", draws=3)
    values = np.mean([suppressing(direct_logits(model, row[1 : PERIOD + 1].tolist())) for row in drawn], 0)
    strongest = np.argsort(-values, axis=None)[:3]
    assert 10 * model.heads + 7 in strongest
    text = "<|endoftext|>All's fair in love and"
    shares = writes(model, text, "love").heads.set_index(["layer", "head"])["logit"]
    assert (10, 7) in shares.nsmallest(3).index
