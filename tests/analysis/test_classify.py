"""Classes, and what becomes of them without a head, against transformers alone."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch

from attnlit.analysis.ablation import switch_off, switch_off_each
from attnlit.analysis.classify import classify
from attnlit.analysis.word_loss import loss_by_word
from attnlit.attention import load
from attnlit.errors import AttnlitError
from attnlit.models.model import Model
from tests import classifiers, tiny
from tests.tolerances import KL, ROUNDING

pytestmark = pytest.mark.numeric

TEXT, PAIR = "The cat sat on the mat", "The dog lay on the rug"
SIZE = tiny.WIDTH // tiny.HEADS
OUTPUTS = {
    "Bert": "bert.encoder.layer.1.attention.output.dense",
    "DistilBert": "distilbert.transformer.layer.1.attention.out_lin",
    "GPT2": "transformer.h.1.attn.c_proj",
    "Llama": "model.layers.1.self_attn.o_proj",
    # Of these the encoder's; their decoder reads the text, too.
    "Bart": "model.encoder.layers.1.self_attn.out_proj",
    "T5": "transformer.encoder.block.1.layer.0.SelfAttention.o",
}


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A classifier, loaded; the arguments are those of `tests.classifiers.save`."""

    @cache
    def opened(kind: str, **options: Any) -> Model:
        return load(classifiers.save(tmp_path_factory.mktemp(kind), kind, **options))

    return opened


def logits(model: Model, pair: str | None = None, off: str = "") -> np.ndarray:
    """What transformers alone gives; off: the output projection in which head 1-2 is put to 0."""
    module = copy.deepcopy(model.module)
    if off:
        part = module.get_submodule(off)
        weights = part.weight if isinstance(part, torch.nn.Linear) else part.weight.T  # GPT-2's is turned
        weights.data[:, 2 * SIZE : 3 * SIZE] = 0
    with torch.no_grad():
        found = module(**model.tokenizer(TEXT, pair, return_tensors="pt")).logits[0]
    return found.double().numpy()


def softmax(numbers: np.ndarray) -> np.ndarray:
    return np.exp(numbers) / np.exp(numbers).sum(-1, keepdims=True)


@pytest.mark.parametrize("architecture", sorted(OUTPUTS))
def test_the_class_of_a_text_and_how_it_changes_without_a_head(architecture: str, classifier: Any) -> None:
    model = classifier(f"{architecture}ForSequenceClassification")
    before, after = softmax(logits(model)), softmax(logits(model, off=OUTPUTS[architecture]))
    table = classify(model, TEXT)
    order = np.argsort(-before)
    assert table["class"].tolist() == [model.classes[each] for each in order]
    np.testing.assert_allclose(table["probability"], before[order], atol=ROUNDING)
    effect = switch_off(model, TEXT, [(1, 2)])
    np.testing.assert_allclose(effect.before, before[None], atol=ROUNDING)
    np.testing.assert_allclose(effect.after, after[None], atol=ROUNDING)
    assert abs(before - after).max() > 10 * ROUNDING
    assert effect.kl == pytest.approx((before * np.log(before / after)).sum(), **KL)
    assert set(effect.table["class"]) == set(model.classes)
    each = switch_off_each(model, TEXT).set_index(["layer", "head"])
    assert each.loc[(1, 2), "kl"] == pytest.approx(effect.kl, **KL)
    assert each.loc[(1, 2), "after"] == pytest.approx(after[before.argmax()], abs=ROUNDING)


def test_a_pair_is_classified_as_a_pair(classifier: Any) -> None:
    model = classifier("BertForSequenceClassification")
    found = classify(model, TEXT, pair=PAIR).set_index("class")["probability"]
    np.testing.assert_allclose(
        [found[each] for each in model.classes], softmax(logits(model, PAIR)), atol=ROUNDING
    )


def test_classes_that_are_each_judged_for_themselves(classifier: Any) -> None:
    model = classifier("BertForSequenceClassification", problem_type="multi_label_classification")
    assert model.problem_type == "multi_label_classification"
    before, after = (1 / (1 + np.exp(-logits(model, off=off))) for off in ("", OUTPUTS["Bert"]))
    effect = switch_off(model, TEXT, [(1, 2)])
    np.testing.assert_allclose(effect.before, before[None], atol=ROUNDING)
    np.testing.assert_allclose(effect.after, after[None], atol=ROUNDING)
    kl = before * np.log(before / after) + (1 - before) * np.log((1 - before) / (1 - after))
    assert effect.kl == pytest.approx(kl.sum(), **KL)


def test_a_regression_gives_numbers_and_no_probabilities(classifier: Any) -> None:
    model = classifier("GPT2ForSequenceClassification", labels=("LABEL_0",))
    assert model.problem_type == "regression"
    before, after = logits(model), logits(model, off=OUTPUTS["GPT2"])
    assert classify(model, TEXT)["number"].tolist() == pytest.approx(before.tolist(), abs=1e-5)
    effect = switch_off(model, TEXT, [(1, 2)])
    assert (effect.before.item(), effect.after.item()) == pytest.approx((before[0], after[0]), abs=1e-5)
    assert np.isnan(effect.kl)
    each = switch_off_each(model, TEXT).set_index(["layer", "head"])
    assert each.loc[(1, 2), "after"] == pytest.approx(after[0], abs=1e-5)
    assert each["kl"].isna().all()


def test_a_classifier_of_tokens_tells_the_class_of_each(classifier: Any) -> None:
    model = classifier("BertForTokenClassification")
    assert model.problem_type == "token_classification"
    before, after = (softmax(logits(model, off=off))[1:-1] for off in ("", OUTPUTS["Bert"]))
    table = classify(model, TEXT)
    assert table["token"].nunique() <= table["place"].nunique() == len(before)
    likeliest = table.drop_duplicates("place")
    assert likeliest["class"].tolist() == [model.classes[each] for each in before.argmax(-1)]
    np.testing.assert_allclose(likeliest["probability"], before.max(-1), atol=ROUNDING)
    effect = switch_off(model, TEXT, [(1, 2)], top=1)
    np.testing.assert_allclose(effect.after, after, atol=ROUNDING)
    assert len(effect.tokens) == len(before)
    assert effect.table["token"].drop_duplicates().isin(effect.tokens).all()


def test_models_without_classes_have_none_and_classifiers_no_words(classifier: Any, tiny_model: Any) -> None:
    with pytest.raises(AttnlitError, match="not a classifier"):
        classify(tiny_model("gpt2"), TEXT)
    with pytest.raises(AttnlitError, match="predicts classes and no words"):
        loss_by_word(classifier("GPT2ForSequenceClassification"), TEXT, [(0, 0)])
