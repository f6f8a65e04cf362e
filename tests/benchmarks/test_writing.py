"""Both ways of writing are measured, and one of them really keeps nothing."""

from __future__ import annotations

from collections.abc import Callable

from attnlit.models.model import Model
from benchmarks import writing


def test_both_ways_are_measured_and_told_apart(tiny_model: Callable[[str], Model]) -> None:
    lengths: list[int] = []
    model = tiny_model("gpt2")
    hook = model.module.get_input_embeddings().register_forward_pre_hook(
        lambda _, arguments: lengths.append(arguments[0].shape[-1])
    )
    try:
        found = writing.measured(model, 4, 1)
    finally:
        hook.remove()
    assert set(found) == {"kept", "not kept"}
    assert all(0 < first < whole for first, whole in found.values())
    assert lengths[-1] > 1  # the last token of the way that keeps nothing
    assert 1 in lengths
    assert "| tiny | kept | 0.500 | 2.00 |" in writing.table({"tiny": {"kept": (0.5, 2.0)}}, 4)
