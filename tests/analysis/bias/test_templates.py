"""Our own sentences suit the models that come with attnlit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from attnlit.analysis.bias import (
    PRESETS,
    TEMPLATES,
    with_blank,
)
from attnlit.analysis.patching.prompts import check_prompts, prompt_texts
from attnlit.models.model import Model
from tests.bundled import bundled

pytestmark = pytest.mark.numeric

GetModel = Callable[[str], Model]
GetFolder = Callable[[str], Path]


@pytest.mark.parametrize("name", ["mini-gpt2", "mini-bert"])
def test_our_sentences_suit_the_bundled_models(name: str) -> None:
    model = bundled(name)
    contrasts = [with_blank(model, each) for template in TEMPLATES for each in template.contrasts()]
    contrasts += [preset.fitted(model) for preset in PRESETS.values()]
    for contrast in contrasts:
        check_prompts(model, contrast.first, contrast.second)
        prompt_texts(model, contrast.first, (contrast.expected, contrast.other))
    for preset in PRESETS.values():
        assert all(word in preset.contrast.first.lower() for word in preset.watched)
