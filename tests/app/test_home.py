"""The home page: what travels with the app is what the models say, and examples lead to what they show."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from attnlit.app.examples import EXAMPLES, where
from attnlit.app.frame.sidebar import FIRST_MODEL, TEXT
from attnlit.app.home import record, recorded
from attnlit.app.home.gallery import small_picture
from tests.app.opening import opened
from tests.tolerances import MISTAKE, ROUNDING


def test_what_was_recorded_is_what_the_models_say_now() -> None:
    """If this fails after a change of a model: `python -m attnlit.app.home.record`."""
    live, kept = record.live(), recorded.read()
    assert len(live) == len(kept)
    for (identity, now), (stamp, then) in zip(live, kept, strict=True):
        assert stamp == identity
        assert (then.model, then.kind, then.causal, then.text, then.pair) == (
            now.model, now.kind, now.causal, now.text, now.pair,
        )  # fmt: skip
        assert (then.queries, then.keys) == (now.queries, now.keys)
        np.testing.assert_allclose(then.weights, now.weights, atol=ROUNDING, rtol=0)
    assert abs(live[0][1].weights - live[0][1].weights[::-1]).max() > MISTAKE


def test_a_record_of_other_weights_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    assert recorded.find(FIRST_MODEL, TEXT) is not None
    assert recorded.find(FIRST_MODEL, TEXT + " ") is None
    monkeypatch.setattr(recorded, "identity_of", lambda name: f"{name} 0123456789abcdef")
    assert recorded.find(FIRST_MODEL, TEXT) is None


def test_records_are_read_as_they_were_written(tmp_path: Path) -> None:
    kept = recorded.read()
    recorded.write(kept[:2], tmp_path / "two.npz")
    for (stamp, one), (same, other) in zip(kept[:2], recorded.read(tmp_path / "two.npz"), strict=True):
        assert (stamp, one.queries, one.text) == (same, other.queries, other.text)
        assert np.array_equal(one.weights, other.weights)


@pytest.mark.parametrize("name", ["induction", "pronoun"])
def test_an_example_opens_at_the_head_and_token_of_its_small_picture(name: str) -> None:
    example = EXAMPLES[name]
    found = recorded.find(example.model, example.text, example.pair)
    assert found is not None
    layer, head, query = where(example, found)
    assert small_picture(name, "light")[1] == f"{example.model}, layer {layer}, head {head}"
    app = opened(example.page, example=name, words="true")
    assert app.button_group(key="layer").value == layer
    assert app.session_state["head"] == head
    assert app.session_state["query"] == found.queries[query].position
    assert not app.toggle(key="special").value
