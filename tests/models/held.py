"""What looking at a model that somebody holds must leave as it is."""

from __future__ import annotations

from typing import Any


def state(module: Any) -> list[Any]:
    """Everything about a model that looking at it could change."""
    parts = list(module.modules())
    generation = getattr(module, "generation_config", None)  # BERT has none
    hooks = [
        [list(each._forward_hooks), list(each._forward_pre_hooks), list(each._backward_hooks)]
        for each in parts
    ]
    return [
        {name: (id(each), each.dtype, each.device, each.requires_grad, each._version) for name, each in
         [*module.named_parameters(), *module.named_buffers()]},
        [(id(each), type(each), each.training, sorted(vars(each))) for each in parts],
        hooks,
        module.config.to_dict(),
        module.config._attn_implementation,
        None if generation is None else generation.to_dict(),
    ]  # fmt: skip
