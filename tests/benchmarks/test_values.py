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
    assert all(cost.seconds > 0 and cost.peak >= 0 for cost in found.values())
    table = values.table({"forward pass": values.Cost(0.1, 1.0, 9), "writes": values.Cost(0.13, 1.3, 2)}, 64)
    assert "| writes | 130 | 1.30× | 2 |" in table
    assert table in values.page([table], "today")
