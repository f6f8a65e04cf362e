"""A way of recording that shows something else than the model computes is not taken."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers

from attnlit.attention import attend, attend_all, load
from attnlit.attention.routes import RowsExist
from attnlit.errors import AttnlitError
from attnlit.models.model import Model
from tests import tiny
from tests.tolerances import ROUNDING

pytestmark = pytest.mark.numeric

TEXT = "The cat sat on the mat, because it was tired."
PAIR = "The dog lay on the rug."


GetModel = Callable[[str], Model]
GetFolder = Callable[[str], Path]


def test_without_a_way_to_see_queries_there_are_still_weights(
    tiny_folder: GetFolder, tiny_model: GetModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    from attnlit.attention import softmax

    whole = tiny_model("bart")
    monkeypatch.setattr(softmax, "TOLERANCE", -1.0)  # no recording is good enough
    model = load(str(tiny_folder("bart")))
    assert model.capture_route == "weights"
    assert model.why_no_vectors
    for kind, record in attend_all(model, TEXT, PAIR).items():
        expected = attend(whole, TEXT, PAIR, kind)
        np.testing.assert_allclose(record.weights, expected.weights, atol=ROUNDING)
        with pytest.raises(AttnlitError, match="neuron view is not possible"):
            record.vectors(0, 0)


def test_a_way_that_changes_the_model_is_refused(
    tiny_folder: GetFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the registered mask causal models see the future: the proof must notice."""
    from transformers import AttentionMaskInterface

    from attnlit.attention import interface

    registered = AttentionMaskInterface._global_mapping
    monkeypatch.delitem(registered, interface.NAME)
    model = load(str(tiny_folder("llama")))
    assert model.capture_route == "trace"  # which needs no registration
    record = attend(model, TEXT)
    assert not np.triu(record.weights, 1).any()


def test_a_way_that_changes_only_the_output_is_refused(
    tiny_folder: GetFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong output of the last layer changes no attention, only what the model predicts."""
    from attnlit.attention import interface

    own_eager = interface.eager_function_of

    def spoilt(kind: type) -> Callable[..., tuple[torch.Tensor, torch.Tensor]]:
        def eager(
            module: torch.nn.Module, *args: object, **options: object
        ) -> tuple[torch.Tensor, torch.Tensor]:
            output, weights = own_eager(kind)(module, *args, **options)
            return (output * 2 if module.layer_idx == tiny.LAYERS - 1 else output), weights

        return eager

    monkeypatch.setattr(interface, "eager_function_of", spoilt)
    assert load(str(tiny_folder("llama"))).capture_route == "trace"


def test_what_reports_other_weights_than_it_uses_is_refused(
    tiny_folder: GetFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transformers.models.gpt2 import modeling_gpt2

    own = modeling_gpt2.GPT2LMHeadModel.forward

    @functools.wraps(own)
    def forward(module: torch.nn.Module, *args: object, **options: object) -> object:
        outputs = own(module, *args, **options)
        if not options.get("output_attentions"):
            outputs["logits"] = outputs["logits"] * 2
        return outputs

    monkeypatch.setattr(modeling_gpt2.GPT2LMHeadModel, "forward", forward)
    with pytest.raises(AttnlitError, match="what it reports is not what it uses"):
        load(str(tiny_folder("gpt2")))


def test_a_callers_half_precision_changes_nothing(tiny_model: GetModel) -> None:
    expected = attend(tiny_model("llama"), TEXT)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = attend(tiny_model("llama"), TEXT)
    assert (found.weights == expected.weights).all()


@pytest.mark.parametrize("call", ["module", "names"])
@pytest.mark.parametrize("ids", [[0, 2], [-1, 0]])
def test_a_row_that_is_not_there_is_asked_of_no_gpu(ids: list[int], call: str) -> None:
    """What a processor answers with an error of its own ends every later call on a GPU."""
    types = torch.nn.Embedding(2, 4)
    asked = torch.tensor(ids)
    with (
        RowsExist(),
        pytest.raises(IndexError, match="2 rows is asked for one that it lacks"),
    ):
        types(asked) if call == "module" else torch.nn.functional.embedding(weight=types.weight, input=asked)
    with RowsExist():
        torch.testing.assert_close(types(torch.tensor([1, 0])), types.weight[[1, 0]])
        assert types(torch.zeros(0, dtype=torch.int64)).shape == (0, 4)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_tokenizer_of_two_types_harms_no_gpu(tmp_path: Path) -> None:
    config = transformers.BertConfig(**tiny.ARCHITECTURES["bert"][1], type_vocab_size=1)
    module = transformers.BertForMaskedLM(config).to("cuda").eval()
    record = attend(load(module, tokenizer=tiny.wordpiece()), TEXT, PAIR)
    assert record.segments.count(1) > 0
    torch.cuda.synchronize()
