"""The loss of each word with a head off equals that of two plain forward passes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from attnlit.analysis.ablation import switch_off
from attnlit.analysis.word_loss import loss_by_word
from attnlit.attention import attend
from attnlit.attention.reading import read
from attnlit.errors import AttnlitError
from attnlit.models.model import Model

TEXT = "The cat sat on the mat"

GetModel = Callable[[str], Model]


def test_the_loss_is_that_of_the_models_own_logits(tiny_model: GetModel) -> None:
    model = tiny_model("gpt2")
    ids = torch.tensor([read(model, TEXT).inputs["input_ids"]])
    with torch.no_grad():
        shares = model.module(input_ids=ids).logits[0].double().log_softmax(-1)
    expected = -shares[:-1][torch.arange(ids.shape[1] - 1), ids[0, 1:]].numpy()
    found = loss_by_word(model, TEXT, [(0, 1), (2, 3)])
    assert np.isnan(found.on[0])
    np.testing.assert_allclose(found.on[1:], expected, rtol=1e-5)
    # The last token, foreseen without both heads, as the page of a single prediction has it.
    before = switch_off(model, "The cat sat on the", [(0, 1), (2, 3)])
    last = int(ids[0, -1])
    assert found.off[-1] == pytest.approx(-np.log(before.after[0, last]), rel=1e-4)
    assert found.on[-1] == pytest.approx(-np.log(before.before[0, last]), rel=1e-4)
    assert np.abs(found.rise[1:]).max() > 1e-3


def test_a_masked_model_guesses_each_word_in_its_gap(tiny_model: GetModel) -> None:
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
