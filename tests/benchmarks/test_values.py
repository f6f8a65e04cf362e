"""What values cost is measured beside the forward pass of the same text."""

from __future__ import annotations

from collections.abc import Callable

from attnlit.models.model import Model
from benchmarks import values


def test_every_work_is_measured_and_set_beside_the_forward_pass(
    tiny_model: Callable[[str], Model],
) -> None:
    found = values.measured(tiny_model("gpt2"), "The cat sat on the mat.", 1)
    assert next(iter(found)) == "forward pass"
    assert {"passed_on", "writes", "contributions_and_even"} <= found.keys()
    assert all(taken > 0 for taken in found.values())
    table = values.table({"forward pass": 0.1, "writes": 0.13}, 64)
    assert "| writes | 130 | 1.30× |" in table
