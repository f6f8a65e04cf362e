"""Forward passes side by side, and texts that share one: each is what it is alone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from attnlit.attention import Attention, attend, attend_all
from attnlit.attention.capture import attend_together
from attnlit.attention.edits import HeadsAblated
from attnlit.attention.forward import forward, keeps_logits, logits_at
from attnlit.attention.reading import read
from attnlit.errors import AttnlitError
from attnlit.models.limits import forwards_at_once
from attnlit.models.model import Model
from tests import tiny
from tests.tolerances import MISTAKE, ROUNDING

pytestmark = pytest.mark.numeric

TEXT = "The cat sat on the mat, because it was tired."
PAIR = "The dog lay on the rug."


GetModel = Callable[[str], Model]
every_architecture = pytest.mark.parametrize("architecture", list(tiny.ARCHITECTURES))


@pytest.mark.parametrize("architecture", ["bert", "albert", "llama", "deberta-v2", "bart"])
def test_threads_on_one_model_never_mix(architecture: str, tiny_model: GetModel) -> None:
    model = tiny_model(architecture)
    texts = [f"{TEXT} {'dog ' * count}" for count in range(8)]
    alone = [attend_all(model, text, PAIR) for text in texts]
    together: dict[tuple[int, int], dict[str, Attention]] = {}
    start = threading.Barrier(len(texts))

    def visit(number: int) -> None:
        start.wait()
        for turn in range(3):
            together[number, turn] = attend_all(model, texts[number], PAIR)

    threads = [threading.Thread(target=visit, args=(number,)) for number in range(len(texts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(together) == 3 * len(texts)
    for (number, _), records in together.items():
        for kind, record in records.items():
            assert record.query_tokens == alone[number][kind].query_tokens
            np.testing.assert_allclose(record.weights, alone[number][kind].weights, atol=ROUNDING)
            scores = alone[number][kind].vectors(1, 1).scores
            largest = np.abs(scores[np.isfinite(scores)]).max()
            np.testing.assert_allclose(record.vectors(1, 1).scores, scores, atol=ROUNDING * largest)


@pytest.mark.parametrize("architecture", ["gpt2", "bloom"])
@pytest.mark.parametrize(
    ("fault", "met"),
    [
        (MemoryError(), AttnlitError),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate"), AttnlitError),
        (ValueError("a fault of the model's own"), ValueError),
        (KeyboardInterrupt(), KeyboardInterrupt),
    ],
)
def test_after_a_pass_that_broke_in_the_middle_the_next_one_is_right(
    fault: BaseException, met: type[BaseException], architecture: str, tiny_model: GetModel
) -> None:
    model = tiny_model(architecture)
    assert {"gpt2": "interface", "bloom": "trace"}[architecture] == model.capture_route
    right = attend(model, TEXT).weights

    def break_off(*_: object) -> None:
        raise fault

    off = HeadsAblated(kind="self", layer=0, heads=(0,))
    hook = model.module.base_model.h[1].register_forward_hook(break_off)
    try:
        for _ in range(forwards_at_once() + 1):  # each must give back its place
            with pytest.raises(met):
                attend_all(model, TEXT, None, [off])
    finally:
        hook.remove()
    np.testing.assert_array_equal(attend(model, TEXT).weights, right)


@pytest.mark.parametrize("architecture", ["bert", "deberta-v2", "bart"])
def test_the_shared_model_is_left_as_it_was(architecture: str, tiny_model: GetModel) -> None:
    model = tiny_model(architecture)

    def state() -> list[object]:
        parts = list(model.module.modules())
        # transformers leaves hooks of its own on a model that was asked for attentions; none are ours
        hooks = [[*part._forward_hooks.values(), *part._forward_pre_hooks.values()] for part in parts]
        assert not [hook for each in hooks for hook in each if hook.__module__.startswith("attnlit")]
        names = [sorted(vars(part)) for part in parts]
        return [hooks, names, model.module.config.to_dict(), model.module.training]

    before = state()
    weights = {name: value.clone() for name, value in model.module.state_dict().items()}
    attend_all(model, TEXT, PAIR)
    assert state() == before
    for name, value in model.module.state_dict().items():
        assert torch.equal(value, weights[name])


@every_architecture
def test_texts_read_together_have_the_attention_that_they_have_alone(
    architecture: str, tiny_double: GetModel
) -> None:
    model = tiny_double(architecture)
    one = read(model, TEXT, PAIR)
    source = one.source
    backwards = {**source.inputs, "input_ids": source.inputs["input_ids"][::-1]}
    other = replace(one, source=replace(source, inputs=backwards))  # for certain of the same length
    for kind in model.kinds:
        together = attend_together(model, [one, other], kind)
        np.testing.assert_allclose(
            together[0].weights, attend(model, TEXT, PAIR, kind).weights, atol=ROUNDING
        )
        (alone,) = attend_together(model, [other], kind)
        np.testing.assert_allclose(together[1].weights, alone.weights, atol=ROUNDING)
        assert np.abs(together[0].weights - together[1].weights).max() > 0.01


@every_architecture
def test_logits_at_some_tokens_are_those_of_the_whole_text(architecture: str, tiny_model: GetModel) -> None:
    model = tiny_model(architecture)
    inputs = read(model, TEXT, PAIR).inputs
    whole = forward(model, [inputs]).logits
    found = logits_at(model, [inputs, inputs], [1, 4])
    assert found.shape == (2, 2, whole.shape[-1])
    for row in found:
        torch.testing.assert_close(row, whole[0, [1, 4]], atol=ROUNDING * whole.abs().max().item(), rtol=0)
    assert (whole[0, 1] - whole[0, 4]).abs().max() > MISTAKE


@pytest.mark.parametrize(("architecture", "some"), [("gpt2", True), ("llama", True), ("t5", False)])
def test_a_model_that_can_computes_no_other_logits(
    architecture: str, some: bool, tiny_model: GetModel
) -> None:
    model = tiny_model(architecture)
    inputs = read(model, TEXT, PAIR).inputs
    assert keeps_logits(model) == some
    computed = forward(model, [inputs], places=[1, 4]).logits.shape[1]
    assert (computed == 2) == some
