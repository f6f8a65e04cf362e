"""What travels with the app is what the models say, and pages drawn from it are those of the models."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from attnlit.app import cache, start
from attnlit.app.frame.sidebar import FIRST_MODEL, PAIR, TEXT
from attnlit.app.recorded import make, store
from attnlit.attention import Attention
from attnlit.models.model import Model
from tests.app.opening import MODELS, opened, said, told, typed
from tests.tolerances import MISTAKE, TRAINED

Recorded = dict[tuple[str, str, str], Attention]  # by model and texts


def test_what_was_recorded_is_what_the_models_say_now() -> None:
    """If this fails after a change of a model: `python -m attnlit.app.recorded.make`."""
    (models, live), (named, kept) = make.live(), store.read()
    assert [asdict(each) for each in named] == [asdict(each) for each in models]
    assert len(live) == len(kept)
    for now, then in zip(live, kept, strict=True):
        assert (then.model, then.kind, then.causal, then.text, then.pair, then.layer_kinds) == (
            now.model, now.kind, now.causal, now.text, now.pair, now.layer_kinds,
        )  # fmt: skip
        assert (then.queries, then.keys) == (now.queries, now.keys)
        np.testing.assert_allclose(then.weights, now.weights, atol=TRAINED, rtol=0)
        for layer in now.layer_numbers:
            assert (then.mask(layer), then.to_sink(layer)) == (now.mask(layer), now.to_sink(layer))
            assert np.array_equal(then.visible(layer), now.visible(layer))
    assert abs(live[0].weights - live[0].weights[::-1]).max() > MISTAKE


def test_what_was_recorded_of_other_weights_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    assert store.find(FIRST_MODEL, TEXT) is not None
    assert store.find(FIRST_MODEL, TEXT + " ") is None
    monkeypatch.setattr(store, "identity_of", lambda name: f"{name} 0123456789abcdef")
    assert store.find(FIRST_MODEL, TEXT) is None
    assert store.model(FIRST_MODEL) is None


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    models, kept = store.read()
    store.write(models, kept[:2], tmp_path / "two.npz")
    again, records = store.read(tmp_path / "two.npz")
    assert [asdict(each) for each in again] == [asdict(each) for each in models]
    for one, same in zip(kept[:2], records, strict=True):
        assert (one.queries, one.keys, one.text) == (same.queries, same.keys, same.text)
        assert np.array_equal(one.weights, same.weights)


@pytest.fixture(scope="module")
def recorded_here(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """What travels, made by this processor: another one rounds otherwise, which moves close lines."""
    file = tmp_path_factory.mktemp("recorded") / "here.npz"
    store.write(*make.live(), file)
    return {(each.model, each.text, each.pair or ""): each for each in store.read(file)[1]}


class TestPages:
    """Drawn before a model is open, and after: the same page."""

    @pytest.fixture(autouse=True)
    def no_model_is_open(self) -> None:
        for memory in cache.ALL:
            memory.clear()

    @pytest.mark.parametrize("model", MODELS)
    @pytest.mark.parametrize("page", ["head_view", "model_view"])
    def test_a_page_looks_the_same_before_its_model_is_open(
        self, page: str, model: str, recorded_here: Recorded, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        loads: list[str] = []
        monkeypatch.setattr(store, "find", lambda name, text, pair="": recorded_here.get((name, text, pair)))
        monkeypatch.setattr(start, "prepare_behind", lambda name: None)  # opens it when it likes
        monkeypatch.setattr("attnlit.attention.load", lambda name, **_: loads.append(name))
        before = opened(page, model=model)
        assert not loads
        assert before.text_area(key="pair").value == (PAIR if model == "mini-bert" else "")
        monkeypatch.undo()
        assert isinstance(cache.open_model(model), Model)
        after = opened(page, model=model)
        assert cache.records.weighs > 0  # of the model
        assert told(before) == told(after)
        assert codes(before) == codes(after)
        assert shown(before) == shown(after)

    def test_another_text_and_what_runs_the_model_open_it(self) -> None:
        app = opened("head_view")
        assert not cache.models.weighs
        app.toggle(key="switch_off").set_value(True).run()
        assert not app.exception
        assert cache.models.weighs == 1
        assert app.dataframe
        cache.models.clear()
        app = typed(opened("head_view"), "A text that nobody has recorded.")
        assert not said(app)
        assert cache.models.weighs == 1

    def test_what_is_passed_on_is_the_models(self) -> None:
        app = opened("head_view", weigh="What is passed on")
        assert not app.exception
        assert cache.models.weighs == 1


def codes(app: AppTest) -> list[str]:
    return [each.value for each in app.code]


def shown(app: AppTest) -> list[Any]:
    """Every number and word of the page's pictures, whatever their data sets are called."""
    pictures = app.get("vega_lite_chart")
    assert pictures
    found: list[Any] = []
    for each in pictures:
        found.append(json.loads(each.proto.spec))
        found += [bytes(data.data.data) for data in each.proto.datasets]
    return found
