"""Templates make pairs of prompts, and a gap is put where a model fills one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from attnlit.analysis.bias import Contrast, with_blank
from attnlit.analysis.bias.contrast import contrast_of
from attnlit.errors import AttnlitError
from attnlit.models.model import Model
from tests.analysis.bias.planted_routes import (
    MASKED,
    SEEN,
)

pytestmark = pytest.mark.numeric

GetModel = Callable[[str], Model]
GetFolder = Callable[[str], Path]


@pytest.mark.whole
def test_a_blank_is_put_behind_the_prompts_of_a_model_that_fills_gaps(tiny_model: GetModel) -> None:
    contrast = Contrast("She was", "He was", "kind", "late")
    assert with_blank(tiny_model("gpt2"), contrast) == contrast
    assert with_blank(tiny_model("bert"), contrast).first == "She was [MASK]."
    assert with_blank(tiny_model("roberta"), contrast).second == "He was <mask>."
    assert with_blank(tiny_model("bert"), MASKED) == MASKED


def test_four_texts_are_a_contrast() -> None:
    assert contrast_of(("She was", "He was", "kind", "late")) == Contrast("She was", "He was", "kind", "late")
    for wrong in ("She was", ("She was", "He was"), ("She was", "He was", "kind", 4), None):
        with pytest.raises(AttnlitError, match="A contrast is two prompts"):
            contrast_of(wrong)  # type: ignore[arg-type]


def test_a_template_puts_both_people_in_both_places() -> None:
    first, second = SEEN.contrasts()
    assert first == Contrast(
        "The nurse saw the doctor because she was", "The nurse saw the doctor because he was", "tired", "late"
    )
    # The one who stands first is tired: now the doctor, whom the stereotype calls he.
    assert second == Contrast(
        "The doctor saw the nurse because she was", "The doctor saw the nurse because he was", "late", "tired"
    )
