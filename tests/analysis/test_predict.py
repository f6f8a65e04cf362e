"""Predictions: divergences by hand, and the words of a vocabulary."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from attnlit.analysis.predict import kl_divergence, vocabulary_texts
from attnlit.attention import load
from attnlit.models.model import Model
from tests import tiny

pytestmark = pytest.mark.numeric

TEXT = "The cat sat on the mat"
MASKED = "The cat sat on the [MASK] because it was [MASK]."
PAIR = "The dog lay on the rug"
SIZE = tiny.WIDTH // tiny.HEADS

GetModel = Callable[[str], Model]
GetFolder = Callable[[str], Path]


def test_kl_by_hand() -> None:
    before, after = np.log([[0.5, 0.5], [0.9, 0.1]]), np.log([[0.25, 0.75], [0.9, 0.1]])
    by_hand = 0.5 * math.log(0.5 / 0.25) + 0.5 * math.log(0.5 / 0.75)  # 0.1438 nats
    np.testing.assert_allclose(kl_divergence(before, after), [by_hand, 0], atol=1e-12)
    back = 0.25 * math.log(0.25 / 0.5) + 0.75 * math.log(0.75 / 0.5)
    np.testing.assert_allclose(kl_divergence(after, before), [back, 0], atol=1e-12)


def test_words_that_are_ruled_out_add_nothing_to_the_divergence() -> None:
    with np.errstate(divide="ignore"):
        before, after = np.log([[0.5, 0.5, 0.0]]), np.log([[0.25, 0.75, 0.0]])
    assert kl_divergence(before, after).item() == pytest.approx(
        kl_divergence(before[:, :2], after[:, :2]).item()
    )


def test_tokens_outside_a_text(tiny_model: GetModel) -> None:
    def drawn(architecture: str, *raws: str) -> list[str]:
        tokenizer = tiny_model(architecture).tokenizer
        ids = tokenizer.convert_tokens_to_ids(raws)
        assert tokenizer.unk_token_id not in ids
        return vocabulary_texts(tokenizer, ids)

    assert drawn("bert", "the", "##e", ".", "[SEP]") == ["the", "…e", ".", "[SEP]"]
    assert drawn("gpt2", "Ġthe", "e", ".", "Ġ", "Ã") == ["the", "…e", ".", "Ġ", "Ã"]
    assert drawn("t5", "▁", "e", "</s>", "<0xC3>") == ["▁", "…e", "</s>", "<0xC3>"]
    assert vocabulary_texts(tiny_model("gpt2").tokenizer, [9999]) == ["#9999"]
    bundled = load("mini-gpt2").tokenizer
    assert vocabulary_texts(bundled, bundled("\n")["input_ids"][-1:]) == ["↵"]
