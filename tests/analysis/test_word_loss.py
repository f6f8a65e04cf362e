"""The loss of each word with heads on and off, against cross entropies that transformers alone computes."""

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
from attnlit.analysis.word_loss import loss_by_word
from attnlit.attention import attend
from attnlit.attention.reading import read
from attnlit.errors import AttnlitError
from attnlit.models.model import Model
from tests import tiny
from tests.tolerances import MISTAKE, ROUNDING

pytestmark = pytest.mark.numeric

TEXT = "The cat sat on the mat"
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
    found = loss_by_word(model, TEXT, [(1, 2), (0, 3)])
    assert np.isnan(found.on[0])
    np.testing.assert_allclose(found.on[1:], losses(module.eval(), ids), atol=ROUNDING)
    for layer, head in ((1, 2), (0, 3)):
        weights = module.transformer.h[layer].attn.c_proj.weight
        weights.data[head * SIZE : (head + 1) * SIZE] = 0
    np.testing.assert_allclose(found.off[1:], losses(module, ids), atol=ROUNDING)
    assert np.abs(found.rise[1:]).max() > MISTAKE


def test_each_masked_words_loss(tiny_model: GetModel, tiny_folder: GetFolder) -> None:
    model, pair = tiny_model("bert"), "The dog lay on the rug."
    found = loss_by_word(model, TEXT, [(1, 2)], pair)
    module = transformers.AutoModelForMaskedLM.from_pretrained(tiny_folder("bert"), dtype=torch.float32)
    inputs = {name: torch.tensor([ids]) for name, ids in read(model, TEXT, pair).inputs.items()}
    for token, loss in zip(found.tokens, found.on, strict=True):
        masked = inputs["input_ids"].clone()
        masked[0, token.position] = model.mask_id
        with torch.no_grad():
            logits = module.eval()(**{**inputs, "input_ids": masked}).logits[0, token.position].double()
        expected = float("nan") if token.special else float(-logits.log_softmax(-1)[token.id])
        assert loss == pytest.approx(expected, abs=ROUNDING, nan_ok=True)


def test_a_masked_models_words_without_a_head(tiny_model: GetModel) -> None:
    model = tiny_model("bert")
    done: list[tuple[int, int]] = []
    found = loss_by_word(model, TEXT, [(1, 2)], progress=lambda *each: done.append(each))
    assert done[-1][0] == done[-1][1]
    words = [place for place, token in enumerate(found.tokens) if not token.special]
    assert np.isfinite(found.on[words]).all()
    assert np.isnan(np.delete(found.on, words)).all()
    gap = switch_off(model, TEXT.replace("cat", model.mask_token), [(1, 2)])
    place = next(place for place in words if found.tokens[place].text == "cat")
    id_ = found.tokens[place].id
    assert found.on[place] == pytest.approx(-np.log(gap.before[0, id_]), rel=1e-4)
    assert found.off[place] == pytest.approx(-np.log(gap.after[0, id_]), rel=1e-4)


def test_an_encoder_decoders_loss_is_of_its_target(tiny_model: GetModel) -> None:
    model = tiny_model("t5")
    found = loss_by_word(model, TEXT, [(0, 0)], "the dog lay", "encoder")
    assert found.kind == "encoder"
    assert found.tokens == attend(model, TEXT, "the dog lay", "decoder").queries
    assert np.isfinite(found.rise[1:]).all()
    assert np.abs(found.rise[1:]).max() > 0


def test_the_words_that_an_induction_head_helps_with_are_those_said_twice(planted_model: Model) -> None:
    found = loss_by_word(planted_model, "red cat one dog red cat one", [(1, 2)])
    texts = [token.text for token in found.tokens]
    again = [len(texts) - 2, len(texts) - 1]  # the second “cat one”, which the second “red” tells
    first = [place for place in range(1, len(texts)) if texts[place] not in texts[:place]]
    assert found.rise[again].min() > 1
    assert found.rise[first].max() < 0  # there it finds nothing, and what it writes is wrong
    table = found.table()
    assert table["token"].tolist() == texts
    np.testing.assert_array_equal(table["rise"], found.rise)


def test_what_cannot_be_measured_is_said(tiny_model: GetModel) -> None:
    model = tiny_model("gpt2")
    with pytest.raises(AttnlitError, match="at least two words"):
        loss_by_word(model, "a", [(0, 0)])
    with pytest.raises(AttnlitError, match="no trained head"):
        loss_by_word(replace(model, predicts=False), TEXT, [(0, 0)])
    with pytest.raises(AttnlitError, match="no layer 9"):
        loss_by_word(model, TEXT, [(9, 0)])
