"""Effects against numbers computed by hand, or by transformers alone on a copy with changed weights."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers

from attnlit.analysis import ablation, predict
from attnlit.analysis.ablation import HOW, Effect, intervene, switch_off, switch_off_each
from attnlit.attention.edits import DimensionsRemoved, HeadsAblated
from attnlit.attention.vocabulary import vocabulary_texts
from attnlit.errors import AttnlitError
from attnlit.models.model import Model
from attnlit.words.prediction import effect_in_words
from tests import tiny
from tests.tolerances import KL, MISTAKE, ROUNDING

pytestmark = pytest.mark.numeric

TEXT = "The cat sat on the mat"
MASKED = "The cat sat on the [MASK] because it was [MASK]."
PAIR = "The dog lay on the rug"
SIZE = tiny.WIDTH // tiny.HEADS

GetModel = Callable[[str], Model]
GetFolder = Callable[[str], Path]


def plain(folder: Path, auto: Any) -> Any:
    """A copy of the model, opened by transformers alone."""
    module = auto.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32)
    return module.eval().requires_grad_(False)


def without_head(folder: Path, auto: Any, projection: str, head: int) -> Any:
    """A copy whose output projection ignores one head."""
    module = plain(folder, auto)
    part = module.get_submodule(projection)
    weights = part.weight if isinstance(part, torch.nn.Linear) else part.weight.T  # GPT-2's is turned
    weights[:, head * SIZE : (head + 1) * SIZE] = 0
    return module


def probabilities(module: Any, **inputs: torch.Tensor) -> np.ndarray:
    """(tokens, words)"""
    with torch.no_grad():
        return module(**inputs).logits[0].double().softmax(-1).numpy()


def test_a_model_that_answers_with_no_numbers_is_not_asked(tiny_model: GetModel) -> None:
    model = tiny_model("gpt2")
    broken = copy.deepcopy(model.module)
    broken.transformer.ln_f.weight.data[0] = torch.nan
    for ask in (lambda each: switch_off(each, TEXT, [(0, 0)]), lambda each: switch_off_each(each, TEXT)):
        with pytest.raises(AttnlitError, match="not finite"):
            ask(replace(model, module=broken))


def test_a_decoder_is_asked_for_the_next_word(tiny_model: GetModel, tiny_folder: GetFolder) -> None:
    effect = switch_off(tiny_model("gpt2"), TEXT, [(1, 2)])
    folder = tiny_folder("gpt2")
    auto = transformers.AutoModelForCausalLM
    ids = transformers.AutoTokenizer.from_pretrained(folder)(TEXT, return_tensors="pt")
    before = probabilities(plain(folder, auto), **ids)[-1]
    after = probabilities(without_head(folder, auto, "transformer.h.1.attn.c_proj", 2), **ids)[-1]
    np.testing.assert_allclose(effect.before, before[None], atol=ROUNDING)
    np.testing.assert_allclose(effect.after, after[None], atol=ROUNDING)
    assert effect.kl == pytest.approx((before * np.log(before / after)).sum(), **KL)
    assert effect.kl > MISTAKE


def test_a_masked_model_is_asked_at_every_mask(tiny_model: GetModel, tiny_folder: GetFolder) -> None:
    effect = switch_off(tiny_model("bert"), MASKED, [(1, 2)], pair=PAIR)
    folder = tiny_folder("bert")
    auto = transformers.AutoModelForMaskedLM
    ids = transformers.AutoTokenizer.from_pretrained(folder)(MASKED, PAIR, return_tensors="pt")
    asked = (ids["input_ids"][0] == 4).numpy()  # [MASK]
    before = probabilities(plain(folder, auto), **ids)[asked]
    projection = "bert.encoder.layer.1.attention.output.dense"
    after = probabilities(without_head(folder, auto, projection, 2), **ids)[asked]
    np.testing.assert_allclose(effect.before, before, atol=ROUNDING)
    np.testing.assert_allclose(effect.after, after, atol=ROUNDING)
    assert len(effect.kls) == 2
    assert effect.kls == pytest.approx((before * np.log(before / after)).sum(-1), **KL)
    assert effect.kl == pytest.approx(np.mean(effect.kls))
    assert set(effect.table["place"]) == {1, 2}


@pytest.mark.parametrize("pair", [PAIR, None])
def test_an_encoder_decoder_is_asked_for_the_next_target_word(
    pair: str | None, tiny_model: GetModel, tiny_folder: GetFolder
) -> None:
    model = tiny_model("t5")
    effect = switch_off(model, TEXT, [(1, 2)], pair=pair, kind="cross")
    folder = tiny_folder("t5")
    auto = transformers.AutoModelForSeq2SeqLM
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    ids = tokenizer(TEXT, return_tensors="pt")
    target = [] if pair is None else tokenizer(text_target=pair)["input_ids"][:-1]
    ids["decoder_input_ids"] = torch.tensor([[0, *target]])
    before = probabilities(plain(folder, auto), **ids)[-1]
    copy = without_head(folder, auto, "decoder.block.1.layer.1.EncDecAttention.o", 2)
    np.testing.assert_allclose(effect.before, before[None], atol=ROUNDING)
    np.testing.assert_allclose(effect.after, probabilities(copy, **ids)[-1:], atol=ROUNDING)
    assert "without cross head 1-2" in effect_in_words(effect)
    assert "next target word" in effect_in_words(effect)


def test_the_end_mark_is_not_asked(tiny_model: GetModel) -> None:
    """A tokenizer that puts </s> behind every text must not move the question behind it."""
    model = tiny_model("gpt2")
    ending = transformers.AutoTokenizer.from_pretrained(model.tokenizer.name_or_path)
    ending.backend_tokenizer.post_processor = tiny.processors.TemplateProcessing(
        single="$A <|endoftext|>", special_tokens=[("<|endoftext|>", 0)]
    )
    effect = switch_off(replace(model, tokenizer=ending), TEXT, [(0, 0)])
    np.testing.assert_allclose(effect.before, switch_off(model, TEXT, [(0, 0)]).before, atol=ROUNDING)


def test_a_mark_that_was_typed_at_the_end_is_asked(tiny_model: GetModel, tiny_folder: GetFolder) -> None:
    """As the one that a chat model's answer comes after: what follows it is the next word."""
    text = f"{TEXT}<|endoftext|>"
    folder = tiny_folder("gpt2")
    ids = transformers.AutoTokenizer.from_pretrained(folder)(text, return_tensors="pt")
    by_hand = probabilities(plain(folder, transformers.AutoModelForCausalLM), **ids)[-1]
    effect = switch_off(tiny_model("gpt2"), text, [(0, 0)])
    np.testing.assert_allclose(effect.before, by_hand[None], atol=ROUNDING)


@pytest.mark.parametrize("how", HOW)
def test_no_head_off_changes_nothing_and_any_head_does(how: str, tiny_model: GetModel) -> None:
    for architecture, text in (("gpt2", TEXT), ("bert", MASKED), ("bloom", TEXT)):
        model = tiny_model(architecture)
        nothing = switch_off(model, text, [], how=how)
        np.testing.assert_array_equal(nothing.before, nothing.after)
        assert nothing.kl == 0
        assert (nothing.table["change"] == 0).all()
        something = switch_off(model, text, [(2, 1)], how=how)
        assert something.kl > 1e-6
        assert not np.array_equal(something.before, something.after)


def test_the_three_ways_differ(tiny_model: GetModel) -> None:
    for architecture, text in (("gpt2", TEXT), ("bert", MASKED)):
        kls = [switch_off(tiny_model(architecture), text, [(0, 1), (1, 2)], how=how).kl for how in HOW]
        assert len({round(kl, 4) for kl in kls}) == 3


def test_pattern_preserving_equals_zero_where_no_head_comes_later(tiny_model: GetModel) -> None:
    """After the last layer's heads nothing looks any more, so there is no pattern to keep."""
    model = tiny_model("gpt2")
    last = [(tiny.LAYERS - 1, 1)]
    kept = switch_off(model, TEXT, last, how="pattern-preserving")
    np.testing.assert_allclose(kept.after, switch_off(model, TEXT, last).after, atol=ROUNDING)


def check_table(effect: Effect, top: int) -> None:
    for place, rows in effect.table.groupby("place"):
        before, after = effect.before[place - 1], effect.after[place - 1]
        change = after - before
        shown = rows["change"].to_numpy()
        np.testing.assert_allclose(shown, (rows["after"] - rows["before"]).to_numpy(), atol=1e-15)
        for column, values in (("before", before), ("after", after), ("change", change), ("change", -change)):
            sign = -1 if values is not before and values is not after and values is not change else 1
            largest = np.sort(values)[::-1][:top]
            there = np.sort(sign * rows[column].to_numpy())[::-1][:top]
            np.testing.assert_allclose(there, largest)
        assert rows["before"].is_monotonic_decreasing
        assert top <= len(rows) <= 4 * top


def test_the_table_holds_the_likeliest_and_the_most_changed(tiny_model: GetModel) -> None:
    check_table(switch_off(tiny_model("gpt2"), TEXT, [(1, 2)], top=5), top=5)
    check_table(switch_off(tiny_model("bert"), MASKED, [(0, 0), (1, 3)], top=3), top=3)


def test_an_effect_by_hand(tiny_model: GetModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """A falls most, B becomes the likeliest though it falls too, C rises most; D is none of these."""
    model = tiny_model("gpt2")
    a, b, c, d = model.tokenizer.convert_tokens_to_ids(["A", "B", "C", "D"])
    before, after = np.full((2, 1, 1, 400), 1e-300)
    before[..., [a, b, c, d]] = 0.4, 0.35, 0.05, 0.2
    after[..., [a, b, c, d]] = 0.25, 0.34, 0.2, 0.21
    runs = iter([np.log(before), np.log(after)])
    monkeypatch.setattr(ablation, "log_probabilities", lambda *_, **__: next(runs))
    effect = switch_off(model, TEXT, [(0, 0)], top=1)
    assert effect.table["token"].tolist() == ["…A", "…B", "…C"]
    np.testing.assert_allclose(effect.table["change"], [-0.15, -0.01, 0.15])
    # 0.4 ln(0.4/0.25) + 0.35 ln(0.35/0.34) + 0.05 ln(0.05/0.2) + 0.2 ln(0.2/0.21)
    assert effect.kl == pytest.approx(0.188001 + 0.010146 - 0.069315 - 0.009758, abs=1e-6)
    assert effect_in_words(effect) == (
        "The next word is most likely “…A” (40.0%); without head 0-0 it is “…B” (34.0%), and “…A” has 25.0%."
    )


def test_tokens_of_the_table_are_the_vocabularys(tiny_model: GetModel) -> None:
    model = tiny_model("bert")
    effect = switch_off(model, MASKED, [(1, 2)], top=1000)
    assert len(effect.table) == 2 * effect.before.shape[1]
    ids = np.argsort(-effect.before[0], kind="stable")
    assert effect.table["token"][: len(ids)].tolist() == vocabulary_texts(model.tokenizer, ids)


def test_any_edit_has_an_effect(tiny_model: GetModel) -> None:
    model = tiny_model("gpt2")
    off = intervene(model, TEXT, [HeadsAblated(kind="self", layer=1, heads=(0, 2))])
    np.testing.assert_array_equal(off.after, switch_off(model, TEXT, [(1, 0), (1, 2)]).after)
    whole = DimensionsRemoved(kind="self", layer=1, heads=(0,), dimensions=tuple(range(SIZE)))
    assert intervene(model, TEXT, [whole]).kl > 1e-6


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize(
    ("architecture", "text", "kind"),
    [
        ("gpt2", TEXT, "self"),
        pytest.param("bert", MASKED, "self", marks=pytest.mark.whole),
        pytest.param("llama", TEXT, "self", marks=pytest.mark.whole),
        pytest.param("t5", TEXT, "cross", marks=pytest.mark.whole),
        ("bloom", TEXT, "self"),
    ],
)
def test_each_head_off_in_a_batch_equals_one_by_one(
    how: str, architecture: str, text: str, kind: str, tiny_double: GetModel
) -> None:
    model = tiny_double(architecture)
    table = switch_off_each(model, text, pair=PAIR, how=how, kind=kind)
    assert list(zip(table["layer"], table["head"], strict=True)) == list(np.ndindex(tiny.LAYERS, tiny.HEADS))
    for layer, head, kl, before, after, change in table.itertuples(index=False):
        alone = switch_off(model, text, [(layer, head)], pair=PAIR, how=how, kind=kind)
        best = alone.before.argmax(-1)[:, None]
        assert kl == pytest.approx(alone.kl, **KL)
        assert before == pytest.approx(np.take_along_axis(alone.before, best, -1).mean(), abs=ROUNDING)
        assert after == pytest.approx(np.take_along_axis(alone.after, best, -1).mean(), abs=ROUNDING)
        assert change == pytest.approx(after - before)
    assert table["kl"].nunique() == len(table)


def test_batches_tell_their_progress_and_can_be_ended(
    tiny_double: GetModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tiny_double("gpt2")
    whole = switch_off_each(model, TEXT)
    within = len(model.tokenizer(TEXT)["input_ids"]) * tiny.HEADS * 64 * 4  # a layer of one copy of the text
    monkeypatch.setattr(predict, "NUMBERS_AT_ONCE", 5 * within)
    seen = []
    parts = switch_off_each(model, TEXT, progress=lambda done, there: seen.append((done, there)))
    assert seen == [(5, 12), (10, 12), (12, 12)]
    assert parts["kl"].tolist() == pytest.approx(whole["kl"].tolist(), **KL)

    def end(done: int, there: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        switch_off_each(model, TEXT, progress=end)


def test_what_cannot_be_asked_is_a_mistake_in_words(tiny_model: GetModel) -> None:
    with pytest.raises(AttnlitError, match=r"Put \[MASK\] into the text"):
        switch_off(tiny_model("bert"), TEXT, [(0, 0)])
    with pytest.raises(AttnlitError, match="Put <mask> into the text"):
        switch_off_each(tiny_model("roberta"), TEXT)
    headless = replace(tiny_model("gpt2"), predicts=False)
    for ask in (
        lambda: switch_off(headless, TEXT, [(0, 0)]),
        lambda: switch_off_each(headless, TEXT),
        lambda: intervene(headless, TEXT, []),
    ):
        with pytest.raises(AttnlitError, match="no trained head for words"):
            ask()
    sideways = replace(tiny_model("gpt2"), causal=False)
    with pytest.raises(AttnlitError, match="no next word"):
        switch_off(sideways, TEXT, [(0, 0)])
    with pytest.raises(AttnlitError, match="“zero” or “mean” or “pattern-preserving”"):
        switch_off(tiny_model("gpt2"), TEXT, [(0, 0)], how="half")
    with pytest.raises(AttnlitError, match="no attention of the kind “cross”"):
        switch_off(tiny_model("gpt2"), TEXT, [], kind="cross")
    with pytest.raises(AttnlitError, match="no head 4"):
        switch_off(tiny_model("gpt2"), TEXT, [(0, 4)])
    with pytest.raises(AttnlitError, match="text is empty"):
        switch_off(tiny_model("gpt2"), " ", [(0, 0)])
    with pytest.raises(AttnlitError, match="Nothing can be changed"):
        switch_off_each(replace(tiny_model("gpt2"), capture_route="weights", why_no_vectors="."), TEXT)
