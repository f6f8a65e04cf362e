"""A way of recording that shows something else than the model computes is not taken."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from attnlit.attention import attend, attend_all, load
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
