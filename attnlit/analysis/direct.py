"""A head's direct path from a token to the next word: value and output matrix, then the unembedding.

Elhage et al. 2021, “A mathematical framework for transformer circuits”: the OV circuit. Only for the
architectures of `attnlit.models.layout`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from attnlit.attention.forward import forward
from attnlit.attention.numbers import to_numpy
from attnlit.models.layout import Layout, layout_of

if TYPE_CHECKING:
    import torch

    from attnlit.models.model import Model


def has_direct_path(model: Model) -> bool:
    """Whether `direct_logits` knows where this model keeps its matrices."""
    return model.predicts and layout_of(model) is not None


def head_writes(model: Model, ids: list[int]) -> torch.Tensor:
    """What each head would write into the residual stream if it looked at one token of a text alone.

    ids: vocabulary ids (tokens,), read by the model as one text. (layers, heads, tokens, width), without the
    biases of values and output, which are the same whatever it looks at.
    """
    import torch

    layout = _layout(model)
    hidden = forward(model, [{"input_ids": ids}], hidden_states=True).hidden_states
    with torch.inference_mode():
        written = []
        # One layer's input each; the last of `hidden` comes out of the last layer.
        for block, found in zip(layout.blocks(model.module), hidden, strict=False):
            values = layout.norm(block)(found[0]) @ layout.values(block)  # (tokens, key heads · d)
            by_head = values.unflatten(-1, (-1, model.head_size)).transpose(0, 1)  # (key heads, tokens, d)
            # Several query heads may share their values.
            by_head = by_head.repeat_interleave(model.heads // len(by_head), 0)  # (heads, tokens, d)
            written.append(by_head @ layout.output(block).unflatten(0, (model.heads, -1)))
        return torch.stack(written)


def direct_logits(model: Model, ids: list[int]) -> np.ndarray:
    """What each head would add to the logits of a text's tokens if it looked at one of them alone.

    Float64 (layers, heads, attended, raised): what it writes, past all later layers through the last norm
    and the unembedding. The norm's scale is that of the written vector itself: only shares mean something.
    """
    import torch

    written = head_writes(model, ids)
    last = _layout(model).last_norm(model.module)
    with torch.inference_mode():
        unembed = model.unembedding.weight[ids]  # (tokens, width)
        bias = last(torch.zeros_like(written[0, 0, 0]))  # a layer norm's
        return to_numpy(((last(written) - bias) @ unembed.T).double())


def _layout(model: Model) -> Layout:
    layout = layout_of(model)
    if layout is None:
        raise ValueError(f"no layout is known for {model.architecture}: ask has_direct_path first")
    return layout
