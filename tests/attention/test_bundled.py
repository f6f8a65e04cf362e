"""The bundled pair: opened by name, without a network, and recorded exactly."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import transformers

from attnlit.attention import attend, load
from attnlit.attention.softmax import softmax_error
from attnlit.models.catalogue import BUNDLED, CATALOGUE
from attnlit.models.model import Model
from tests.tolerances import ROUNDING, TRAINED

pytestmark = pytest.mark.numeric

TEXT, PAIR = "The cat sat on the mat.", "It was tired, and it slept."
NAMES = [each.id for each in CATALOGUE if each.bundled]


@pytest.fixture(scope="module", params=NAMES)
def model(request: pytest.FixtureRequest) -> Model:
    return load(request.param)


def test_it_has_a_trained_head_and_shows_everything(model: Model) -> None:
    assert (model.capture_route, model.predicts, model.notes) == ("interface", True, ())
    assert (model.pairs == "segments") == model.masked
    assert model.causal == (not model.masked)
    assert model.max_tokens >= 512


def test_its_attention_is_its_own(model: Model) -> None:
    record = attend(model, TEXT, PAIR)
    folder = BUNDLED / model.name
    auto = transformers.AutoModelForMaskedLM if model.masked else transformers.AutoModelForCausalLM
    module = auto.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    texts = (TEXT, PAIR) if model.masked else (f"{TEXT} {PAIR}",)
    with torch.no_grad():
        outputs = module(**tokenizer(*texts, return_tensors="pt"), output_attentions=True)
    assert np.abs(record.weights - torch.cat(outputs.attentions).numpy()).max() <= TRAINED
    for layer, inputs in enumerate(record.inputs):
        assert softmax_error(inputs, record.weights[layer]) <= TRAINED
    np.testing.assert_allclose(record.weights.sum(axis=-1), 1, atol=ROUNDING)


def test_its_text_begins_as_in_training(model: Model) -> None:
    first = attend(model, TEXT).queries[0]
    assert first.special
    assert first.text == ("[CLS]" if model.masked else "<|endoftext|>")


def test_it_learned_something(model: Model) -> None:
    """It finds a plain word that was left out: random weights would not, one time in eight thousand."""
    mask = "[MASK]" if model.masked else ""
    text = f"She looked at him and he looked at {mask}".strip()
    ids = torch.tensor([[token.id for token in attend(model, text).queries]])
    with torch.inference_mode():
        logits = model.module(input_ids=ids).logits[0]
    place = ids[0].tolist().index(model.tokenizer.mask_token_id) if model.masked else -1
    likely = [word.strip() for word in model.tokenizer.batch_decode(logits[place].topk(20).indices[:, None])]
    assert {"her", "him", "the"} & set(likely)
