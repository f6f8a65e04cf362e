"""Planted heads of all three kinds, and shares that are counted by hand."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from attnlit.analysis.sinks import CONSTANT, IDLE, MATTERS, WORKING, Lost, Resting, resting_heads
from attnlit.attention import attend, load, passed_on
from attnlit.errors import AttnlitError
from attnlit.models.model import Model
from tests import planted, resting
from tests.bundled import bundled
from tests.tolerances import ROUNDING

pytestmark = pytest.mark.numeric

GetModel = Callable[[str], Model]
TEXTS = [
    ("red cat one dog blue bird two", None),
    ("doctor met the nurse and teacher", None),
    ("a tree", None),
]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """0-1 rests and writes nothing, 0-2 rests and writes the first word, 0-3 writes the word before."""
    module = planted.blank()
    planted.first_token(module, layer=0, head=1)
    planted.first_token(module, layer=0, head=2, to=planted.slot(0))
    planted.previous_token(module, layer=0, head=3, to=planted.slot(1))
    planted.predict(module, planted.slot(0), logit=5.0)
    planted.predict(module, planted.slot(1), logit=5.0)
    return load(str(planted.save(module, tmp_path_factory.mktemp("sinks"))))


def test_idle_constant_and_working(model: Model) -> None:
    idle, constant, working = resting_heads(model, [(0, 1), (0, 2), (0, 3)], TEXTS)
    assert (idle.verdict, constant.verdict, working.verdict) == (IDLE, CONSTANT, WORKING)
    assert idle.zero.kl == pytest.approx(0, abs=ROUNDING)
    assert constant.zero.kl > 10 * MATTERS
    assert constant.mean.kl == pytest.approx(0, abs=1e-4)
    assert working.mean.kl > MATTERS
    assert idle.sure
    assert constant.sure
    assert (constant.texts, constant.words) == (3, 6 + 5 + 1)


def test_what_they_spend(model: Model) -> None:
    idle, constant, working = resting_heads(model, [(0, 1), (0, 2), (0, 3)], TEXTS)
    assert idle.weights == constant.weights == pytest.approx(1)
    assert constant.norms == pytest.approx(1)
    assert np.isnan(idle.norms)  # it passes nothing on at all
    assert constant.resting_value == pytest.approx(1, abs=1e-3)  # one number of the slot is 1
    assert np.isnan(constant.other_value)  # it looks at no other token, so no value shows
    # Of the word before, the first of each text is the first token: 1 of 6, 1 of 5, 1 of 1.
    assert working.weights == pytest.approx((1 / 6 + 1 / 5 + 1) / 3, abs=ROUNDING)


def test_shares_by_hand(tiny_model: GetModel) -> None:
    bert = tiny_model("bert")
    text = "The cat sat on the mat."
    (found,) = resting_heads(bert, [(1, 2)], [(text, None)])
    weights = attend(bert, text).weights[1, 2]
    norms = passed_on(bert, text).weights[1, 2]
    resting = [0, len(weights) - 1]  # [CLS] and [SEP]
    assert found.weights == pytest.approx(weights[:, resting].sum() / len(weights), rel=1e-5)
    assert found.norms == pytest.approx(norms[:, resting].sum() / norms.sum(), rel=1e-5)
    values = norms[0] / weights[0]
    assert found.resting_value == pytest.approx(np.median(values[resting]), rel=1e-4)
    assert found.other_value == pytest.approx(np.median(values[1:-1]), rel=1e-4)


@pytest.mark.whole
def test_the_bundled_models_strongest_sink_acts_as_a_bias() -> None:
    """5-7 gives 99 % to the first token, and is the last head that should be called idle."""
    found, little = resting_heads(bundled("mini-gpt2"), [(5, 7), (3, 0)])
    assert found.weights > 0.95
    assert found.norms > 0.9
    assert found.verdict == CONSTANT
    assert found.zero.kl > 5 * MATTERS
    assert little.verdict == IDLE


@pytest.mark.whole
@pytest.mark.parametrize("name", resting.NAMES)
def test_the_documentation_tells_the_bundled_models_heads_apart(name: str) -> None:
    """Which heads rest, and of each kind the first one; `python -m tests.resting` measures all of them."""
    page = (Path(resting.__file__).parents[1] / "docs" / "passed_on.md").read_text(encoding="utf-8")
    (line,) = re.findall(rf"^\| {name} \| (.*) \|$", page, re.MULTILINE)
    count, *cells = line.split(" | ")
    named = [re.findall(r"(\d+)-(\d+)(\??)", cell) for cell in cells]
    model = bundled(name)
    rest = resting.heads_that_rest(model)
    assert count == f"{len(rest)} of {model.layers * model.heads}"
    assert sorted((int(layer), int(head)) for kind in named for layer, head, _ in kind) == rest
    first = [
        (verdict, *kind[0]) for verdict, kind in zip((IDLE, CONSTANT, WORKING), named, strict=True) if kind
    ]
    found = resting_heads(model, [(int(layer), int(head)) for _, layer, head, _ in first])
    assert [(each.verdict, each.sure) for each in found] == [
        (verdict, not mark) for verdict, _, _, mark in first
    ]


def test_the_intervals_decide_how_sure_it_is() -> None:
    def found(zero: Lost, mean: Lost) -> Resting:
        return Resting(
            kind="self", layer=0, head=0, weights=1, norms=1, resting_value=1, other_value=1, texts=9,
            words=99, zero=zero, mean=mean,
        )  # fmt: skip

    nothing, much, unclear = Lost(0.001, 0, 0.002), Lost(0.3, 0.2, 0.4), Lost(0.03, 0.01, 0.05)
    assert (found(nothing, much).verdict, found(nothing, much).sure) == (IDLE, True)
    assert (found(much, nothing).verdict, found(much, nothing).sure) == (CONSTANT, True)
    assert (found(much, much).verdict, found(much, much).sure) == (WORKING, True)
    assert (found(much, unclear).verdict, found(much, unclear).sure) == (WORKING, False)
    assert (found(unclear, nothing).verdict, found(unclear, nothing).sure) == (CONSTANT, False)


def test_progress_can_end_it_and_mistakes_are_in_words(tiny_model: GetModel) -> None:
    seen = []
    texts = [("The cat sat.", None), ("The dog lay.", None)]
    resting_heads(tiny_model("gpt2"), [(0, 0)], texts, progress=lambda *done: seen.append(done))
    assert seen == [(1, 2), (2, 2)]
    with pytest.raises(AttnlitError, match="no head 7"):
        resting_heads(tiny_model("gpt2"), [(0, 7)], texts)
