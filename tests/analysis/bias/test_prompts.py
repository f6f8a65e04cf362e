"""Which prompts and continuations a model can be asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import transformers

from attnlit.analysis.bias import (
    Contrast,
    bias_effects,
    with_blank,
)
from attnlit.analysis.patching.prompts import next_word, prompt_tokens, single_word
from attnlit.errors import AttnlitError
from attnlit.models.model import Model
from tests import tiny
from tests.analysis.bias.planted_routes import (
    MASKED,
    PLANTED,
    WRITTEN,
)
from tests.bundled import bundled
from tests.tolerances import ROUNDING

pytestmark = pytest.mark.numeric

GetModel = Callable[[str], Model]
GetFolder = Callable[[str], Path]


def test_prompts_and_words_that_do_not_fit_are_mistakes_in_words(tiny_model: GetModel) -> None:
    gpt2, bert = tiny_model("gpt2"), tiny_model("bert")

    def ask(model: Model, contrast: Contrast, **changed: str) -> None:
        bias_effects(model, replace(contrast, **changed))

    for model, contrast, changed, words in (
        (gpt2, WRITTEN, {"second": "A cat"}, "the same number of tokens: swap a word"),
        (gpt2, WRITTEN, {"second": WRITTEN.first}, "Change one word in the second"),
        (gpt2, WRITTEN, {"other": WRITTEN.expected}, "Choose two that differ"),
        (gpt2, WRITTEN, {"other": " "}, "A continuation is empty"),
        (gpt2, WRITTEN, {"first": " "}, "The text is empty"),
        (bert, MASKED, {"first": "The cat sat."}, "the same number of tokens"),
        (bert, MASKED, {"other": "a mat"}, "not a single token"),
        (bert, MASKED, {"other": "猫"}, "not a single token"),
        (bert, MASKED, {"first": "The [MASK] sat on [MASK] mat."}, r"\[MASK\] exactly once"),
        (tiny_model("t5"), WRITTEN, {}, "neither writes from left to right nor fills in"),
        (replace(gpt2, predicts=False), WRITTEN, {}, "no trained head for words"),
        (replace(gpt2, capture_route="weights", why_no_vectors="."), WRITTEN, {}, "Nothing can be changed"),
    ):
        with pytest.raises(AttnlitError, match=words):
            ask(model, contrast, **changed)


def test_spaces_at_the_end_of_a_prompt_change_nothing(two_routes: Model) -> None:
    spaced = replace(PLANTED, first=f"{PLANTED.first}  ", other=" late ")
    plain = bias_effects(two_routes, PLANTED)
    assert bias_effects(two_routes, spaced).total == pytest.approx(plain.total, abs=1e-12)


@pytest.mark.whole
def test_prompts_that_only_the_model_takes_for_the_same() -> None:
    model = bundled("mini-bert")  # it knows no pictures
    contrast = with_blank(model, Contrast("The cat said 🙂.", "The cat said 🙃.", "good", "bad"))
    with pytest.raises(AttnlitError, match="does not know the word that differs"):
        bias_effects(model, contrast)
    with pytest.raises(AttnlitError, match="The text is empty"):
        bias_effects(model, with_blank(model, Contrast(" ", "", "good", "bad")))


def test_a_long_text_is_quoted_from_its_beginning(two_routes: Model) -> None:
    with pytest.raises(AttnlitError) as mistake:
        bias_effects(two_routes, replace(PLANTED, first="the cat " * 50))
    assert "“the cat the cat" in str(mistake.value)
    assert len(str(mistake.value)) < 400


def test_a_continuation_that_merges_with_the_prompt_is_refused(tiny_model: GetModel) -> None:
    """A tokenizer that cuts the prompt otherwise once a word follows leaves nothing to compare."""
    model = tiny_model("gpt2")

    class Merging:
        def __getattr__(self, name: str) -> Any:
            return getattr(model.tokenizer, name)

        def __call__(self, text: str, *arguments: Any, **options: Any) -> Any:
            encoding = model.tokenizer(text, *arguments, **options)
            if text.endswith("sat"):
                encoding["input_ids"][1] += 1
            return encoding

    merging = replace(model, tokenizer=Merging())
    with pytest.raises(AttnlitError, match="merges “sat” and the end of the prompt"):
        bias_effects(merging, Contrast("The cat", "The mat", "sat", "was"))


def test_the_end_mark_is_no_part_of_a_prompt(tiny_model: GetModel) -> None:
    model = tiny_model("gpt2")
    ending = transformers.AutoTokenizer.from_pretrained(model.tokenizer.name_or_path)
    ending.backend_tokenizer.post_processor = tiny.processors.TemplateProcessing(
        single="$A <|endoftext|>", special_tokens=[("<|endoftext|>", 0)]
    )
    marked = bias_effects(replace(model, tokenizer=ending), WRITTEN)
    np.testing.assert_allclose(marked.scores, bias_effects(model, WRITTEN).scores, rtol=ROUNDING)


def test_a_mark_that_was_typed_at_the_end_is_part_of_a_prompt(tiny_model: GetModel) -> None:
    model, prompt = tiny_model("gpt2"), f"{WRITTEN.first}<|endoftext|>"
    assert prompt_tokens(model, prompt)[-1].raw == "<|endoftext|>"
    read = single_word(model, prompt, "a")
    assert read.places == [len(prompt_tokens(model, prompt)) - 1]
    assert next_word(model, prompt).places == read.places
