"""Without its induction head the planted model foresees nothing; without any other head nothing changes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from attnlit.analysis.repetition import another_head, loss_on_repeated
from attnlit.errors import AttnlitError
from attnlit.models.model import Model
from tests import planted
from tests.tolerances import ROUNDING

pytestmark = pytest.mark.numeric


def test_the_rise_of_the_loss_is_that_of_the_planted_logits(planted_model: Model) -> None:
    model = planted_model
    table = loss_on_repeated(model, [(1, 2), (1, 0)])
    # The induction head foresees every token after the first copy but the very next one: what stood before
    # that, the last token of the first copy, had not yet been followed by anything.
    known = np.log(np.exp(5) + planted.COUNT - 1) - 5
    blind = np.log(planted.COUNT)
    tokens = 3 * 25
    # That one place: the head looks at itself, and raises the last token of the copy.
    misled = np.log(np.exp(5) + planted.COUNT - 1)
    whole = (known * (tokens - 1) + misled) / tokens
    assert table["off"].tolist() == ["", "1-2", "1-0"]
    assert table["loss"].tolist() == pytest.approx([whole, blind, whole], abs=ROUNDING)
    assert table["rise"].tolist() == pytest.approx([0, blind - whole, 0], abs=ROUNDING)
    assert (table["lower"] <= table["rise"] + 1e-9).all()
    assert (table["rise"] <= table["upper"] + 1e-9).all()


def test_the_other_head_is_another_one_and_always_the_same() -> None:
    for head in range(4):
        other = another_head(1, head, range(4))
        assert other is not None
        assert other != head
        assert other == another_head(1, head, range(4))
    assert another_head(0, 0, [0]) is None


@pytest.mark.parametrize("architecture", ["bert", "t5"])
def test_models_without_a_next_word_are_told_so(
    architecture: str, tiny_model: Callable[[str], Model]
) -> None:
    with pytest.raises(AttnlitError, match="next word"):
        loss_on_repeated(tiny_model(architecture), [(0, 0)])


def test_a_traced_model_is_measured_too(tiny_model: Callable[[str], Model]) -> None:
    assert np.isfinite(loss_on_repeated(tiny_model("bloom"), [(0, 0), (1, 1)], draws=2)["rise"]).all()
