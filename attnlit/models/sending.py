"""A model's modules as they can be sent to another process, or written into a file."""

from __future__ import annotations

import copy
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_HUNG = "_output_capturing_hooks_installed"  # what transformers notes on a model that has its hooks


def without_own_hooks(module: PreTrainedModel) -> PreTrainedModel:
    """A copy around the same weights, without the hooks of transformers' own, which cannot be pickled.

    transformers hangs them on a model when it is first asked for attention or states. It does so again where
    the copy arrives.
    """
    shared = copy.deepcopy(module, {id(each): each for each in chain(module.parameters(), module.buffers())})
    for part in shared.modules():
        vars(part).pop(_HUNG, None)
        for number, hook in [*part._forward_hooks.items()]:
            if getattr(hook, "__module__", "").startswith("transformers."):
                del part._forward_hooks[number]
    return shared
