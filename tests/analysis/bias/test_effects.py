"""Effects against numbers computed by hand, and against the study's own procedure written out once more."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import transformers

from attnlit.analysis import predict
from attnlit.analysis.ablation import intervene
from attnlit.analysis.bias import (
    Contrast,
    bias_effects,
    set_effects,
    total_effect,
)
from attnlit.attention import attend, load
from attnlit.attention.edits import PatternPatched
from attnlit.models.model import Model
from tests import planted, tiny
from tests.analysis.bias.planted_routes import (
    BESIDES,
    BY_0_1,
    BY_0_3,
    MASKED,
    PLANTED,
    SEEN,
    SWAPPED,
    WRITTEN,
    routes,
    votes,
)
from tests.tolerances import MISTAKE, RATIO, ROUNDING

pytestmark = pytest.mark.numeric

GetModel = Callable[[str], Model]
GetFolder = Callable[[str], Path]


def test_planted_effects_by_hand(two_routes: Model) -> None:
    found = bias_effects(two_routes, PLANTED)
    by_hand = math.exp(-0.25 - 0.125 - 0.0625), math.exp(0.125 + 0.0625 + 0.03125)
    assert found.ratios == pytest.approx(by_hand, **RATIO)
    assert found.total == pytest.approx(math.exp(SWAPPED) - 1, **RATIO)
    assert total_effect(two_routes, PLANTED) == found.total
    assert total_effect(two_routes, astuple(PLANTED)) == found.total
    assert found.indirect == pytest.approx(math.exp(BY_0_1 + BY_0_3) - 1, **RATIO)
    assert found.direct == pytest.approx(math.exp(BESIDES) - 1, **RATIO)
    carried = {(0, 1): BY_0_1, (0, 3): BY_0_3}
    for layer, head, indirect, direct in found.heads.itertuples(index=False):
        through = carried.get((layer, head), 0.0)
        assert indirect == pytest.approx(math.exp(through) - 1, **RATIO)
        assert direct == pytest.approx(math.exp(SWAPPED - through) - 1, **RATIO)
    of_layers = [math.exp(BY_0_1 + BY_0_3) - 1, 0]
    np.testing.assert_allclose(found.layers["indirect"], of_layers, atol=ROUNDING)
    not_of_layers = [math.exp(BESIDES) - 1, math.exp(SWAPPED) - 1]
    np.testing.assert_allclose(found.layers["direct"], not_of_layers, atol=ROUNDING)
    assert found.strongest == pytest.approx(math.exp(BY_0_1) + math.exp(BY_0_3) - 2, **RATIO)


def test_probabilities_of_the_planted_model_by_hand(two_routes: Model) -> None:
    """All other words of the vocabulary have a logit of 0."""
    others = planted.COUNT - 2
    tired, late = math.exp(0.4375), math.exp(0.21875)
    she = np.array([tired, 1.0]) / (tired + 1 + others)
    he = np.array([1.0, late]) / (late + 1 + others)
    np.testing.assert_allclose(bias_effects(two_routes, PLANTED).scores, [she, he], rtol=ROUNDING)


def test_a_continuation_of_two_words_by_hand(tmp_path: Path) -> None:
    """Head 0-1 carries the noun to the pronoun, 1-2 from there to "was": only then do the words differ.

    The score is exp of the mean of two log probabilities, and the first word's are the same: half the logits.
    """
    module = planted.blank()
    routes(module, 1, planted.slot(0))
    planted.previous_token(module, layer=1, head=2)
    planted.write(module, 1, 2, planted.slot(1), reads=planted.slot(0))
    votes(module, planted.slot(1), "nurse", "tired", 1.0)
    votes(module, planted.slot(1), "doctor", "late", 0.5)
    model = load(str(planted.save(module, tmp_path)))
    contrast = replace(PLANTED, expected="was tired", other="was late")
    found = bias_effects(model, contrast)
    assert found.ratios == pytest.approx((math.exp(-0.5), math.exp(0.25)), **RATIO)
    assert found.total == pytest.approx(math.exp(0.75) - 1, **RATIO)
    assert found.indirect == pytest.approx(math.exp(0.75) - 1, **RATIO)
    assert found.direct == pytest.approx(0, **RATIO)
    heads = found.heads.set_index(["layer", "head"])["indirect"]
    assert heads[0, 1] == pytest.approx(math.exp(0.75) - 1, **RATIO)
    assert heads.drop((0, 1)).abs().max() <= ROUNDING


class Study:
    """The study's procedure on transformers' own GPT-2: the prompt's part of the weights is overwritten."""

    def __init__(self, folder: Path) -> None:
        transformers.AttentionInterface.register("study", self.attention)
        self.module = transformers.GPT2LMHeadModel.from_pretrained(
            folder, attn_implementation="study", dtype=torch.float32
        )
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        self.given: dict[tuple[int, int], torch.Tensor] = {}  # by layer and head, (prompt, prompt)
        self.seen: dict[tuple[int, int], torch.Tensor] = {}

    def attention(self, module: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any) -> Any:
        scores = query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5
        hidden = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
        weights = scores.masked_fill(hidden, -torch.inf).softmax(-1)
        for head in range(weights.shape[1]):
            place = (module.layer_idx, head)
            if place in self.given:
                prompt = len(self.given[place])
                weights[0, head, :prompt, :prompt] = self.given[place]
            self.seen[place] = weights[0, head].clone()
        return (weights @ value).transpose(1, 2), weights

    def score(self, prompt: str, continuation: str, given: dict[tuple[int, int], torch.Tensor]) -> float:
        start = self.tokenizer(prompt)["input_ids"]
        ids = start + self.tokenizer(" " + continuation)["input_ids"]
        self.given = given
        with torch.no_grad():
            logits = self.module(torch.tensor([ids[:-1]])).logits[0].double()
        logs = [float(logits[place - 1].log_softmax(-1)[ids[place]]) for place in range(len(start), len(ids))]
        return math.exp(sum(logs) / len(logs))

    def ratio(self, prompt: str, contrast: Contrast, given: dict[tuple[int, int], torch.Tensor]) -> float:
        return self.score(prompt, contrast.other, given) / self.score(prompt, contrast.expected, given)

    def patterns(self, prompt: str) -> dict[tuple[int, int], torch.Tensor]:
        self.given, self.seen = {}, {}
        with torch.no_grad():
            self.module(torch.tensor([self.tokenizer(prompt)["input_ids"]]))
        return dict(self.seen)


def test_every_effect_equals_the_studys_procedure(tiny_model: GetModel, tiny_folder: GetFolder) -> None:
    found = bias_effects(tiny_model("gpt2"), WRITTEN)
    study = Study(tiny_folder("gpt2"))
    first, second = WRITTEN.first, WRITTEN.second
    base = study.ratio(first, WRITTEN, {})
    patched = {first: study.patterns(second), second: study.patterns(first)}

    def effect(prompt: str, layers: set[int], heads: set[int]) -> float:
        given = {
            place: patched[prompt][place]
            for place in patched[prompt]
            if place[0] in layers and place[1] in heads
        }
        return study.ratio(prompt, WRITTEN, given) / base - 1

    every_layer, every_head = set(range(tiny.LAYERS)), set(range(tiny.HEADS))
    assert found.total == pytest.approx(study.ratio(second, WRITTEN, {}) / base - 1, **RATIO)
    assert found.indirect == pytest.approx(effect(first, every_layer, every_head), **RATIO)
    assert found.direct == pytest.approx(effect(second, every_layer, every_head), **RATIO)
    for layer, head, indirect, direct in found.heads.itertuples(index=False):
        assert indirect == pytest.approx(effect(first, {layer}, {head}), **RATIO)
        assert direct == pytest.approx(effect(second, {layer}, {head}), **RATIO)
    for layer, indirect, direct in found.layers.itertuples(index=False):
        assert indirect == pytest.approx(effect(first, {layer}, every_head), **RATIO)
        assert direct == pytest.approx(effect(second, {layer}, every_head), **RATIO)
    assert found.heads["indirect"].abs().min() > 1e-4  # the comparison compares something


def test_a_masked_model_is_asked_for_the_word_at_its_mask(tiny_model: GetModel) -> None:
    """Against the effect of single edits, which has its own tests."""
    model = tiny_model("bert")
    found = bias_effects(model, MASKED)
    the, a = model.tokenizer.convert_tokens_to_ids(["the", "a"])
    own = intervene(model, MASKED.first, []).after[0]
    np.testing.assert_allclose(found.scores[0], [own[the], own[a]], rtol=ROUNDING)
    other = attend(model, MASKED.second).weights
    for layer, head, indirect, _ in found.heads.itertuples(index=False):
        edit = PatternPatched(kind="self", layer=layer, heads=(head,), weights=other[layer, head][None])
        after = intervene(model, MASKED.first, [edit]).after[0]
        assert indirect == pytest.approx(after[a] / after[the] / (own[a] / own[the]) - 1, **RATIO)
    assert found.heads["indirect"].abs().max() > MISTAKE


@pytest.mark.parametrize(
    ("architecture", "contrast"), [("gpt2", WRITTEN), ("bert", MASKED), ("bloom", WRITTEN)]
)
def test_seen_from_the_other_prompt(architecture: str, contrast: Contrast, tiny_model: GetModel) -> None:
    model = tiny_model(architecture)
    turned = bias_effects(model, contrast).turned()
    again = bias_effects(model, Contrast(contrast.second, contrast.first, contrast.other, contrast.expected))
    assert turned.contrast == again.contrast
    np.testing.assert_allclose(turned.scores, again.scores, rtol=RATIO["rel"])
    assert turned.total == pytest.approx(again.total, **RATIO)
    assert turned.direct == pytest.approx(again.direct, **RATIO)
    pd.testing.assert_frame_equal(turned.heads, again.heads, rtol=RATIO["rel"], atol=RATIO["abs"])
    pd.testing.assert_frame_equal(turned.layers, again.layers, rtol=RATIO["rel"], atol=RATIO["abs"])


@pytest.mark.whole
def test_batches_tell_their_progress_and_can_be_ended(
    tiny_double: GetModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tiny_double("gpt2")
    whole = bias_effects(model, WRITTEN)
    monkeypatch.setattr(predict, "NUMBERS_AT_ONCE", 40_000)
    seen = []
    parts = bias_effects(model, WRITTEN, progress=lambda done, runs: seen.append((done, runs)))
    runs = 2 * 2 * (tiny.LAYERS * tiny.HEADS + tiny.LAYERS + 1)  # prompts, texts, heads, layers, all
    assert [each[1] for each in seen] == [runs] * len(seen)
    assert seen[-1][0] == runs
    assert len(seen) > 4
    pd.testing.assert_frame_equal(parts.heads, whole.heads, rtol=RATIO["rel"], atol=RATIO["abs"])

    def end(done: int, runs: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bias_effects(model, WRITTEN, progress=end)
    with pytest.raises(KeyboardInterrupt):
        set_effects(model, [replace(SEEN, pronouns=("the", "a"))], progress=end)


def test_continuations_of_one_token_share_a_text(two_routes: Model) -> None:
    seen = []
    bias_effects(two_routes, PLANTED, progress=lambda done, runs: seen.append(runs))
    assert seen[0] == 2 * (2 * planted.HEADS + 2 + 1)
