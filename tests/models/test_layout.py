"""The table of layouts against the models' own forward: what a head writes, recomputed from its parts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from attnlit.models.layout import layout_of
from attnlit.models.model import Model
from tests.tolerances import ROUNDING


@pytest.mark.parametrize("architecture", ["gpt2", "llama"])
def test_the_parts_give_the_attention_blocks_output(
    architecture: str, tiny_model: Callable[[str], Model]
) -> None:
    model = tiny_model(architecture)
    layout = layout_of(model)
    assert layout is not None
    block = layout.blocks(model.module)[1]
    attention = next(part for name, part in block.named_children() if "attn" in name)
    seen: list[torch.Tensor] = []
    hooks = [
        layout.norm(block).register_forward_hook(lambda *call: seen.append(call[2][0])),
        attention.register_forward_hook(lambda *call: seen.append(call[2][0][0])),
    ]
    with torch.no_grad():
        for token in (7, 9):  # one token looks at itself alone: the output is its value, and biases
            model.module(torch.tensor([[token]]))
        for hook in hooks:
            hook.remove()
        normed, output = seen[2] - seen[0], seen[3] - seen[1]  # the biases cancel out
        values = (normed @ layout.values(block)).unflatten(-1, (-1, model.head_size))
        by_head = values.repeat_interleave(model.heads // values.shape[1], 1).flatten(1)
        torch.testing.assert_close(by_head @ layout.output(block), output, rtol=1e-4, atol=ROUNDING)


def test_an_architecture_without_a_row_has_no_layout(tiny_model: Callable[[str], Model]) -> None:
    assert layout_of(tiny_model("bert")) is None
