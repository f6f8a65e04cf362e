"""A copy of a model that shares every weight with it: looking at the one leaves the other as it was."""

from __future__ import annotations

import copy
import functools
import types
from typing import TYPE_CHECKING, Any

from attnlit.errors import AttnlitError
from attnlit.models.load import set_for_one_pass
from attnlit.wording import one_line, quoted

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def sharing_copy(module: PreTrainedModel) -> PreTrainedModel:
    """A copy of the modules and settings around the same weights.

    `deepcopy` leaves alone what it is told it has copied already. So the copy's switches (how attention is
    computed, training or not, use of a cache, gradients) are its own, and its numbers are the model's. A
    quantised weight is taken itself, as it knows more than its numbers. Raises AttnlitError for a model that
    holds what has no copy, or whose layers were replaced by functions that run the owner's own.
    """
    import torch

    memo: dict[int, Any] = {id(each): each for each in module.buffers()}
    for each in module.parameters():
        plain = type(each) is torch.nn.Parameter
        memo[id(each)] = torch.nn.Parameter(each.detach(), requires_grad=False) if plain else each
    for part in reversed([*module.modules()]):
        memo |= {id(each): each.detach() for each in vars(part).values() if isinstance(each, torch.Tensor)}
        memo |= {id(owner): owner for owner in _owners_of_hooks(part)}
        if hasattr(part, "_orig_mod"):  # torch.compile of one layer: it is looked at inside
            memo[id(part)] = copy.deepcopy(part._orig_mod, memo)
    shared = _copied(module, memo)
    for name, part in shared.named_modules():
        forward = vars(part).get("forward")
        if hasattr(forward, "_torchdynamo_orig_callable"):
            del part.forward  # compiled, it would go on running the owner's module
        elif forward is not None:
            part.forward = _moved(forward, memo)
            _check_moved(part.forward, memo, name)
    shared.eval()
    set_for_one_pass(shared)
    return shared


def _owners_of_hooks(part: Any) -> list[Any]:
    """What the owner's hooks belong to, such as something that takes notes: it goes on taking them itself."""
    from torch.nn import Module

    hooks = [*part._forward_hooks.values(), *part._forward_pre_hooks.values()]
    owners = (getattr(hook, "__self__", hook) for hook in hooks)
    return [each for each in owners if not isinstance(each, Module)]


def _copied(module: PreTrainedModel, memo: dict[int, Any]) -> PreTrainedModel:
    """The deep copy; what in it has no copy, such as a lock or an open file of the owner's, is taken itself.

    `memo` then also holds each module's copy, by the module's identity.
    """
    before = dict(memo)
    try:
        return copy.deepcopy(module, memo)
    except Exception:  # whatever the things that hang on a model raise
        memo.clear()
        memo |= before
    for part in reversed([*module.modules()]):
        for name, each in vars(part).items():
            if name not in ("_modules", "_parameters", "_buffers"):
                _take_itself(each, memo)
    try:
        return copy.deepcopy(module, memo)
    except Exception as error:
        raise AttnlitError(
            f"Something that hangs on the model cannot be copied, so attnlit cannot look at it without "
            f"changing it ({one_line(f'{type(error).__name__}: {error}', 120)}). Take it off the model."
        ) from error


def _take_itself(thing: Any, memo: dict[int, Any]) -> None:
    """Notes what has no copy; of a collection, which of the things inside."""
    import torch

    try:
        copy.deepcopy(thing, dict(memo))
    except Exception:
        if isinstance(thing, (dict, list, tuple, set)):
            for each in thing.values() if isinstance(thing, dict) else thing:
                _take_itself(each, memo)
        elif not isinstance(thing, torch.nn.Module):  # which are looked through one by one
            memo[id(thing)] = thing.detach() if isinstance(thing, torch.Tensor) else thing


def _moved(held: Any, memo: dict[int, Any], depth: int = 4) -> Any:
    """A module of the owner's, or a function that holds one, as the copy's.

    Somebody may have put such a function in place of a layer's `forward`. `deepcopy` leaves functions as they
    are, and this one would go on running the owner's layer, where attention is computed in the owner's way.
    """
    from torch.nn import Module

    if isinstance(held, Module):
        return memo.get(id(held), held)
    if isinstance(held, types.MethodType):
        owner = _moved(held.__self__, memo)
        return held if owner is held.__self__ else types.MethodType(held.__func__, owner)
    if not isinstance(held, types.FunctionType) or not depth:
        return held
    inside = [*(cell.cell_contents for cell in held.__closure__ or ()), *(held.__defaults__ or ())]
    inside += (held.__kwdefaults__ or {}).values()
    moved = [_moved(each, memo, depth - 1) for each in inside]
    if all(new is old for new, old in zip(moved, inside, strict=True)):
        return held
    return _with(held, moved)


def _with(function: types.FunctionType, held: list[Any]) -> Any:
    """The same function with other things in its cells, and in the defaults of its arguments."""
    cells, defaults = len(function.__closure__ or ()), len(function.__defaults__ or ())
    closure = tuple(map(types.CellType, held[:cells])) or None
    values = tuple(held[cells : cells + defaults]) or None
    copied = types.FunctionType(function.__code__, function.__globals__, function.__name__, values, closure)
    copied.__kwdefaults__ = dict(zip(function.__kwdefaults__ or {}, held[cells + defaults :], strict=True))
    return functools.update_wrapper(copied, function)


def _check_moved(forward: Any, memo: dict[int, Any], name: str) -> None:
    """Raises AttnlitError where a function in place of `forward` finds the owner's modules by their names."""
    known = getattr(forward, "__globals__", {})
    named = (known.get(each) for each in getattr(getattr(forward, "__code__", None), "co_names", ()))
    if any(_moved(each, memo, 0) is not each for each in named):
        raise AttnlitError(
            f"A function stands in place of “forward” in {quoted(name or 'the model')}, and it runs that "
            "model itself, so attnlit cannot look inside. Put “forward” back, or use a hook instead: "
            "register_forward_hook."
        )
