"""Published numbers, and whether the published model has them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from attnlit.analysis.bias import (
    PRESETS,
    bias_effects,
    published_sentence,
    published_set,
)
from attnlit.models.model import Model
from tests.published import from_hub

pytestmark = pytest.mark.numeric

GetModel = Callable[[str], Model]
GetFolder = Callable[[str], Path]


def test_published_numbers_belong_to_their_models() -> None:
    assert published_set("gpt2") is published_set("openai-community/gpt2")
    assert published_set("gpt2").total == 0.249
    assert published_set("distilgpt2").heads == {(3, 1): 0.0237}
    for source in ("mini-gpt2", "gpt2-medium", "someone/gpt2"):
        assert published_set(source) is None
    assert published_sentence("gpt2", PRESETS["injuries"].contrast).indirect == 1.03889
    assert published_sentence("gpt2", PRESETS["question"].contrast) is None
    assert published_sentence("distilgpt2", PRESETS["injuries"].contrast) is None


@pytest.mark.hub
def test_the_published_sentence_in_gpt2() -> None:
    model = from_hub("gpt2")
    contrast = PRESETS["injuries"].contrast
    found, published = bias_effects(model, contrast), published_sentence("gpt2", contrast)
    assert found.total == pytest.approx(published.total, abs=2e-4)
    assert found.indirect == pytest.approx(published.indirect, abs=2e-4)
    assert found.direct == pytest.approx(published.direct, abs=2e-4)
    heads = found.heads.set_index(["layer", "head"])["indirect"]
    for place, value in published.heads.items():
        assert heads[place] == pytest.approx(value, abs=2e-4)
    assert list(heads.nlargest(3).index) == list(published.heads)
