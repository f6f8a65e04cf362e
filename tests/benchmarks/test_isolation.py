"""Captures with edits side by side on three shared models, of both routes; and that it can fail."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from attnlit.attention import attend_all, load
from attnlit.models.model import Model
from benchmarks import isolation
from benchmarks.isolation import run


@pytest.mark.whole
def test_no_capture_meets_another(tiny_model: Callable[[str], Model]) -> None:
    models = [tiny_model(each) for each in ("gpt2", "bloom", "bart")]
    assert {model.capture_route for model in models} == {"interface", "trace"}
    found = run(models, threads=4, captures=6)
    assert (found.captures, found.mixed) == (72, 0)


def test_a_capture_that_is_another_is_counted(
    tiny_model: Callable[[str], Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = count()
    right = isolation.attend_all

    def wrong_now_and_then(model: Model, text: str, *more: object) -> object:
        # The nine jobs are first run alone; of the next nine, one in three reads another text.
        number = next(calls)
        return right(model, "The dog." if number >= 9 and number % 3 == 0 else text, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(isolation, "attend_all", wrong_now_and_then)
    assert run([tiny_model("gpt2")], threads=1, captures=9).mixed == 3


@pytest.mark.parametrize("architecture", ["gpt2", "bloom", "bart"])
def test_a_model_that_nobody_holds_any_more_is_gone(
    architecture: str, tiny_folder: Callable[[str], Path]
) -> None:
    model = load(tiny_folder(architecture))
    attend_all(model, "The cat sat.", "The dog." if model.pairs == "target" else None)
    left = [weakref.ref(model.module), weakref.ref(model.tokenizer)]
    del model
    gc.collect()
    assert [each() for each in left] == [None, None]
