"""What makes training on a CPU faster without changing what is learned."""

from typing import Any

import torch
from torch.nn import functional as F
from transformers import AttentionInterface, PreTrainedModel

BLOCK = 128  # a block of queries of a causal model meets only the keys up to its end


class _Attention(torch.autograd.Function):
    """Torch's flash kernel forward, plain matrix products backward.

    The CPU flash kernel's own backward does not use the bf16 matrix units and took 40 % of a step.
    """

    @staticmethod
    def forward(
        ctx: Any,
        q: torch.Tensor,
        k: torch.Tensor,
        v: torch.Tensor,
        scale: float,
        causal: bool,
    ) -> torch.Tensor:  # q, k, v: (batch, heads, tokens, size)
        out, log_sum = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(
            q, k, v, 0.0, causal, scale=scale
        )
        ctx.save_for_backward(q, k, v, out, log_sum)
        ctx.scale, ctx.causal = scale, causal
        return out

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple:
        q, k, v, out, log_sum = ctx.saved_tensors
        grad, log_sum, tokens = grad.to(q.dtype), log_sum.unsqueeze(-1), q.shape[2]
        through = (grad.float() * out.float()).sum(-1, keepdim=True)
        dq, dk, dv = [], [], []
        block = BLOCK if ctx.causal else tokens
        for start in range(0, tokens, block):
            stop = min(start + block, tokens)
            keys = stop if ctx.causal else tokens
            q_, grad_ = q[:, :, start:stop], grad[:, :, start:stop]
            k_, v_ = k[:, :, :keys], v[:, :, :keys]
            weights = torch.exp((q_ @ k_.transpose(-1, -2)).float() * ctx.scale - log_sum[:, :, start:stop])
            if ctx.causal:
                seen = torch.arange(start, stop)[:, None] >= torch.arange(keys)[None]
                weights = torch.where(seen, weights, 0.0)
            d_weights = (grad_ @ v_.transpose(-1, -2)).float()
            d_scores = (weights * (d_weights - through[:, :, start:stop]) * ctx.scale).to(q.dtype)
            later = (0, 0, 0, tokens - keys)
            dq.append(d_scores @ k_)
            dk.append(F.pad(d_scores.transpose(-1, -2) @ q_, later))
            dv.append(F.pad(weights.to(q.dtype).transpose(-1, -2) @ grad_, later))
        return torch.cat(dq, 2), sum(dk), sum(dv), None, None


def attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: object = None,
    dropout: float = 0.0,
    scaling: float | None = None,
    **unused: object,
) -> tuple[torch.Tensor, None]:
    """No mask and no padding: every training window is full."""
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    return _Attention.apply(query, key, value, scale, bool(module.is_causal)).transpose(1, 2), None


AttentionInterface.register("training", attention)


class Gelu(torch.nn.Module):
    """GPT-2's GELU, x (1 + tanh u) / 2, as x sigmoid(2 u): the compiled exp is much faster than tanh."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * torch.sigmoid(1.5957691216057308 * (x + 0.044715 * x * x * x))


def speed_up(model: PreTrainedModel) -> None:
    for block in getattr(getattr(model, "transformer", None), "h", ()):
        block.mlp.act = Gelu()
