"""Tensors as numpy arrays, whatever device a model computes on and in whatever numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import torch


def to_numpy(tensor: torch.Tensor) -> np.ndarray:
    """A tensor's numbers in float64 where it holds those, else in float32; a view where nothing changes."""
    import torch

    numbers = tensor if tensor.dtype == torch.float64 else tensor.float()
    return numbers.detach().cpu().numpy()
