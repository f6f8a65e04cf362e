"""Which device a model that was read from files runs on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attnlit.errors import AttnlitError
from attnlit.models.failures import machine_is_full
from attnlit.wording import quoted

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel


def move(module: PreTrainedModel, device: str | torch.device, name: str) -> None:
    """Moves a model there. Raises AttnlitError for a device that is not here, or has no room for it."""
    import torch

    try:
        there = torch.device(device)
        if there.type not in ("cpu", "cuda"):
            raise ValueError(there.type)
        module.to(there)
    except Exception as error:  # for a device that is not here torch raises four more types
        if machine_is_full(error):
            raise AttnlitError(
                f"{quoted(str(device))} has no room for {quoted(name)}. Choose a smaller model."
            ) from error
        raise AttnlitError(_not_here(device, torch.cuda.device_count())) from error


def _not_here(device: str | torch.device, gpus: int) -> str:
    seen = "torch sees no GPU here"
    if gpus:
        seen = f'"cuda:{gpus - 1}" is the last GPU that torch sees here'
    return f'A model cannot run on {quoted(str(device))}: it runs on "cpu" or on "cuda", and {seen}.'
