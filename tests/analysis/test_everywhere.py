"""Losses at every word, against cross entropies that transformers alone computes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers

from attnlit.analysis.ablation import switch_off
from attnlit.analysis.everywhere import MASK_EVERY, all_at_once, compare, loss_by_word, one_after_another
from attnlit.attention.edits import HeadsAblated
from attnlit.attention.reading import read
from attnlit.errors import AttnlitError
from attnlit.models.model import Model
from tests import tiny
from tests.tolerances import MISTAKE, ROUNDING

pytestmark = pytest.mark.numeric

TEXT = "The cat sat on the mat, because it was tired."
PAIR = "The dog lay on the rug."
SIZE = tiny.WIDTH // tiny.HEADS

GetModel = Callable[[str], Model]
GetFolder = Callable[[str], Path]


def losses(module: Any, ids: list[int]) -> np.ndarray:
    """Of every token but the first, (N - 1,)."""
    given = torch.tensor([ids])
    with torch.no_grad():
        logits = module(input_ids=given).logits[0, :-1].double()
    return torch.nn.functional.cross_entropy(logits, given[0, 1:], reduction="none").numpy()


def test_each_next_words_loss_with_and_without_heads(tiny_model: GetModel, tiny_folder: GetFolder) -> None:
    model = tiny_model("gpt2")
    ids = read(model, TEXT).inputs["input_ids"]
    module = transformers.AutoModelForCausalLM.from_pretrained(tiny_folder("gpt2"), dtype=torch.float32)
    table = loss_by_word(model, TEXT, [(1, 2), (0, 3)])
    assert table["position"].tolist() == list(range(1, len(ids)))
    np.testing.assert_allclose(table["before"], losses(module.eval(), ids), atol=ROUNDING)
    for layer, head in ((1, 2), (0, 3)):
        weights = module.transformer.h[layer].attn.c_proj.weight
        weights.data[head * SIZE : (head + 1) * SIZE] = 0
    np.testing.assert_allclose(table["after"], losses(module, ids), atol=ROUNDING)
    np.testing.assert_allclose(table["rise"], table["after"] - table["before"])
    assert table["rise"].abs().max() > MISTAKE
    shown = read(model, TEXT).source.tokens
    assert table["token"].tolist() == [token.text for token in shown[1:]]
    assert table["word"].tolist() == [token.word for token in shown[1:]]


def test_each_masked_words_loss(tiny_model: GetModel, tiny_folder: GetFolder) -> None:
    model = tiny_model("bert")
    table = loss_by_word(model, TEXT, [(1, 2)], pair=PAIR)
    module = transformers.AutoModelForMaskedLM.from_pretrained(tiny_folder("bert"), dtype=torch.float32)
    inputs = {name: torch.tensor([ids]) for name, ids in read(model, TEXT, PAIR).inputs.items()}
    words = [token.position for token in read(model, TEXT, PAIR).source.tokens if not token.special]
    assert table["position"].tolist() == words
    for row in table.itertuples():
        masked = inputs["input_ids"].clone()
        masked[0, row.position] = model.mask_id
        with torch.no_grad():
            logits = module.eval()(**{**inputs, "input_ids": masked}).logits[0, row.position].double()
        expected = -logits.log_softmax(-1)[inputs["input_ids"][0, row.position]]
        assert row.before == pytest.approx(float(expected), abs=ROUNDING)


def test_a_targets_words_are_asked_for_after_its_start(tiny_model: GetModel) -> None:
    model = tiny_model("t5")
    (asked,) = one_after_another(model, TEXT, PAIR)
    target = read(model, TEXT, PAIR).target
    assert target is not None
    words = [token for token in target.tokens if not token.special]
    assert list(asked.answers) == words
    assert asked.places == tuple(token.position - 1 for token in words)


def test_the_divergence_is_that_of_switching_off(tiny_model: GetModel) -> None:
    model = tiny_model("gpt2")
    (asked,) = one_after_another(model, TEXT)
    for mean, how in ((False, "zero"), (True, "mean")):
        off = HeadsAblated(kind="self", layer=1, heads=(2,), mean=mean)
        (found,) = compare(model, replace_places(asked), [[off]]).kls
        expected = switch_off(model, TEXT, [(1, 2)], how=how).kl
        assert found[-1] == pytest.approx(expected, rel=1e-3, abs=1e-7)


def replace_places(asked: Any) -> Any:
    """The same, with the last token asked, too; what stands there does not matter for a divergence."""
    places = (*asked.places, asked.places[-1] + 1)
    return replace(asked, places=places, answers=(*asked.answers, asked.answers[-1]))


def test_nothing_off_changes_nothing(tiny_model: GetModel) -> None:
    for architecture in ("gpt2", "bert", "bloom"):
        asked = all_at_once(tiny_model(architecture), TEXT)
        found = compare(tiny_model(architecture), asked, [[], []])
        np.testing.assert_allclose(found.kls, 0, atol=ROUNDING)
        np.testing.assert_allclose(found.losses[1:], found.losses[:1].repeat(2, 0), atol=ROUNDING)


def test_a_masked_model_is_asked_for_every_seventh_word_at_once(tiny_model: GetModel) -> None:
    model = tiny_model("bert")
    asked = all_at_once(model, f"{TEXT} {PAIR} {TEXT}")
    masked = [place for place, id_ in enumerate(asked.inputs["input_ids"]) if id_ == model.mask_id]
    assert tuple(masked) == asked.places
    assert len(masked) > 2
    assert set(np.diff(masked)) == {MASK_EVERY}
    assert all(token.id != model.mask_id for token in asked.answers)
    assert len(all_at_once(model, "cat").places) == 1  # however short


def test_what_cannot_be_asked_is_a_mistake_in_words(tiny_model: GetModel) -> None:
    with pytest.raises(AttnlitError, match="too short"):
        loss_by_word(tiny_model("gpt2"), "a", [(0, 0)])
    with pytest.raises(AttnlitError, match="no head 9"):
        loss_by_word(tiny_model("gpt2"), TEXT, [(0, 9)])
    with pytest.raises(AttnlitError, match="no trained head for words"):
        loss_by_word(replace(tiny_model("gpt2"), predicts=False), TEXT, [(0, 0)])
    with pytest.raises(AttnlitError, match="from left to right"):
        loss_by_word(replace(tiny_model("gpt2"), causal=False), TEXT, [(0, 0)])
