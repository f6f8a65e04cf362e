"""Inactive heads are planted, and heads before training are all alike."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from attnlit.analysis.activity import INACTIVE, activity
from attnlit.attention import load
from attnlit.attention.capture import untrained
from attnlit.attention.values import output_lengths
from tests import planted

TEXTS = [
    ("red cat one dog blue bird two", None),
    ("doctor met the nurse and teacher", None),
    ("a tree", None),
]


def test_a_head_that_writes_nothing_is_inactive_wherever_it_looks(tmp_path: Path) -> None:
    module = planted.blank(layers=1)
    planted.previous_token(module, layer=0, head=0)
    planted.first_token(module, layer=0, head=1, to=planted.slot(0))
    planted.previous_token(module, layer=0, head=2, to=planted.slot(1))
    planted.same_token(module, layer=0, head=3, to=planted.slot(2))
    table = activity(load(str(planted.save(module, tmp_path))), TEXTS)
    # Each of the other three writes a single 1.
    np.testing.assert_allclose(table["share"], [0, 4 / 3, 4 / 3, 4 / 3], atol=1e-3)
    assert table["inactive"].tolist() == [True, False, False, False]


def test_a_layer_that_writes_nothing_has_no_head_below_the_others(tmp_path: Path) -> None:
    table = activity(load(str(planted.save(planted.blank(layers=1), tmp_path))), TEXTS)
    assert (table["share"] == 1).all()
    assert not table["inactive"].any()


@pytest.mark.whole
def test_before_training_no_head_is_inactive() -> None:
    table = activity(untrained(load("mini-gpt2")))
    assert table.groupby("layer")["share"].mean().tolist() == pytest.approx([1] * 6)
    assert table["share"].between(0.5, 2).all()
    assert table["lower"].min() > INACTIVE


def test_lengths_are_of_what_the_heads_bring_together() -> None:
    """One token sees itself alone, so that what is passed on is all that is written."""
    from attnlit.attention import passed_on

    model = load("mini-gpt2")
    lengths = output_lengths(model, "a")
    np.testing.assert_allclose(lengths[..., 0], passed_on(model, "a").weights[..., 0, 0], rtol=1e-4)
