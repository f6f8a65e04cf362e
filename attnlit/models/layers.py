"""Layers by their own numbers, and what each of them is.

In a hybrid only some layers have attention, such as 3, 7 and 11. Wherever a `layer` is asked or shown it is
that number; arrays hold only the layers with attention, one after another. `row_of` leads from the one to the
other, and nothing else does.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any

from attnlit.errors import AttnlitError
from attnlit.wording import counted, either, one_line

if TYPE_CHECKING:
    from transformers import PreTrainedModel

ATTENTION, WINDOW, CHUNK = "attention", "sliding window", "chunk"
CHOSEN = "chosen keys"  # by an indexer, which decides for each query which keys are looked up at all
# What a layer without attention is, by what its module or its configuration calls it: the first that fits.
_OTHERS = (
    ("mamba", "mamba"),
    ("bamba", "mamba"),
    ("rglru", "recurrent"),
    ("recurrent", "recurrent"),
    ("delta", "linear attention"),
    ("lightning", "linear attention"),
    ("linear_attention", "linear attention"),
    ("conv", "convolution"),
    ("moe", "MLP"),
    ("mlp", "MLP"),
    ("sparse", "MLP"),
    ("dense", "MLP"),
)


def is_whole(number: Any) -> bool:
    """Whether it is an integer of any type, numpy's too; True and False count as none."""
    return isinstance(number, Integral) and not isinstance(number, bool)


def row_of(layer: int, numbers: Sequence[int], model: str) -> int:
    """Where in arrays a layer stands, by its number in the model.

    numbers: those of the layers with attention, in the order of the arrays. Raises AttnlitError, in words,
    for a layer that has none.
    """
    if is_whole(layer) and layer in numbers:
        return numbers.index(layer)
    count = len(numbers)
    if tuple(numbers) == tuple(range(count)):
        raise AttnlitError(
            f"{model} has {counted(count, 'layer')}, counted from 0: there is no layer "
            f"{one_line(str(layer), 40)}."
        )
    raise AttnlitError(f"{model} has no attention in layer {layer}. Choose layer {either(numbers)}.")


def heads_in_order(numbers: Sequence[int], heads: int) -> list[tuple[int, int]]:
    """(layer, head) of every head, in the order of arrays (L, H): the layer by its number in the model."""
    return [(number, head) for number in numbers for head in range(heads)]


def layer_kinds(module: PreTrainedModel, depth: int, numbers: Sequence[int]) -> tuple[str, ...]:
    """What each layer of a model is, in order.

    "attention"; "sliding window 512", "chunk 8192", "chosen keys 2048" (by an indexer, as in DeepSeek-V3.2).
    And of the layers that are not in `numbers`, those with attention: "linear attention", "mamba",
    "convolution", "recurrent", "MLP" or "no attention".
    """
    depth = max(depth, 1 + max(numbers))
    config = module.config.get_text_config(decoder=True)
    types = [str(each) for each in getattr(config, "layer_types", None) or ()]
    classes = _classes(module)
    return tuple(
        _with_attention(_own_settings(config, layer), types, layer, classes.get(layer, ()))
        if layer in numbers
        else _without(" ".join([*classes.get(layer, ()), *types[layer : layer + 1]]).lower())
        for layer in range(depth)
    )


def _own_settings(config: Any, layer: int) -> Any:
    """The settings of one layer, which in some models has its own window or its own number of heads."""
    own = getattr(config, "per_layer_config", ())
    return own[layer] if layer < len(own) else config


def _classes(module: PreTrainedModel) -> dict[int, list[str]]:
    """The classes of the parts of each layer, by its number: the first in the name of a module."""
    found: dict[int, list[str]] = {}
    for name, part in module.named_modules():
        number = next((int(each) for each in name.split(".") if each.isdigit()), None)
        if number is not None:
            found.setdefault(number, []).append(type(part).__name__)
    return found


def _without(described: str) -> str:
    """What a layer without attention is, from its parts' classes and the configuration's word for it."""
    return next((kind for sign, kind in _OTHERS if sign in described), "no attention")


def _with_attention(config: Any, types: Sequence[str], layer: int, classes: Sequence[str]) -> str:
    """An attention layer by how far it sees, as the configuration says. classes: of its parts."""
    own = types[layer] if layer < len(types) else ""
    chunk = getattr(config, "attention_chunk_size", None)
    if "chunk" in own and chunk:
        return f"{CHUNK} {chunk}"
    window = _window(config, own, layer)
    if window:
        return f"{WINDOW} {window}"
    indexers = getattr(config, "indexer_types", None) or ()
    # A layer may take what one before it has chosen.
    shared = layer < len(indexers) and indexers[layer] == "shared"
    chosen = getattr(config, "index_topk", None)
    if chosen and "compress" not in own and (shared or any("Indexer" in each for each in classes)):
        return f"{CHOSEN} {chosen}"
    return ATTENTION


def _window(config: Any, own: str, layer: int) -> int | None:
    """How many tokens a layer sees, itself included; None for all. own: the layer's type, "" if not told."""
    local = getattr(config, "attention_layers", None)  # GPT-Neo's
    if local is not None:
        return int(config.window_size) if local[layer] == "local" else None
    window = getattr(config, "sliding_window", None)
    if not isinstance(window, int) or (own and "sliding" not in own):
        return None
    return window if own or getattr(config, "use_sliding_window", True) else None
