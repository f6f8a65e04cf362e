"""A transformers model that is in memory already: looked at as it is, and left as it was."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from attnlit.errors import AttnlitError
from attnlit.models import classes
from attnlit.models.load import max_tokens, notes_on
from attnlit.models.model import Checkpoint
from attnlit.models.sharing import sharing_copy
from attnlit.wording import one_line, quoted

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

_count = itertools.count(1)


def from_memory(model: object, tokenizer: PreTrainedTokenizerBase | None = None) -> Checkpoint:
    """The checkpoint of a model that the caller holds: a transformers model, a PEFT model or a pipeline.

    It is looked at on its device and in its number type, with the adapters that are switched on and the
    caller's hooks. Nothing is changed on it: what attnlit sets stands on a copy of the modules that shares
    every weight. Raises AttnlitError for anything that is not such a model, where the tokenizer is missing,
    and for a model that PEFT gives tokens of its own, which no text has.
    """
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    module, found = _unwrapped(model)
    tokenizer = tokenizer or found
    if not isinstance(module, PreTrainedModel):
        raise AttnlitError(
            f"attnlit opens a name, a folder or a model of transformers, and this is of the type "
            f"{quoted(type(model).__name__)}. Give it one of those."
        )
    name = _name(module)
    if not isinstance(tokenizer, PreTrainedTokenizerBase):
        raise AttnlitError(
            f"Give the tokenizer of {quoted(name)}, too: attnlit.load(model, tokenizer=tokenizer)."
        )
    if any(each.is_meta for each in module.parameters()):
        raise AttnlitError(
            f"Some weights of {quoted(name)} are not in memory: they are offloaded, or on the meta device. "
            "Load it without offloading."
        )
    classes.check_reads_text(type(module), name)
    classes.check_vocabulary(module.config, name)
    head = classes.head_of(module.config, {each.__name__ for each in type(module).__mro__})
    return Checkpoint(
        name=name,
        source=name,
        identity=f"{name} in memory {next(_count)}",
        module=sharing_copy(module),
        tokenizer=tokenizer,
        max_tokens=max_tokens(module, tokenizer),
        masked=head.masked,
        predicts=head.words,
        classes=head.classes,
        problem_type=head.problem_type,
        notes=(*notes_on(head, trained=True), *_adapted(module), *_coarse(module)),
    )


def _unwrapped(model: Any) -> tuple[Any, Any]:
    """(the model inside, its tokenizer if the wrapping holds one)"""
    from torch.nn import DataParallel
    from torch.nn.parallel import DistributedDataParallel
    from transformers import Pipeline, PreTrainedModel

    tokenizer = None
    if isinstance(model, Pipeline):
        model, tokenizer = model.model, model.tokenizer
    while not isinstance(model, PreTrainedModel):
        if isinstance(model, (DataParallel, DistributedDataParallel)):
            model = model.module
        elif hasattr(model, "_orig_mod"):  # torch.compile
            model = model._orig_mod
        elif hasattr(model, "peft_config"):  # its adapters stand in the layers of the model inside
            _check_prompt(model)
            model = model.get_base_model() if hasattr(model, "get_base_model") else model.model
        else:
            break
    return model, tokenizer


def _check_prompt(model: Any) -> None:
    """Raises AttnlitError where PEFT puts trained vectors before every text: prompt tuning, prefix tuning."""
    active = getattr(model, "active_adapter", None)
    config: Any = model.peft_config.get(active) if isinstance(active, str) else None
    if getattr(config, "is_prompt_learning", False):
        kind = str(getattr(config.peft_type, "value", config.peft_type)).replace("_", " ").lower()
        raise AttnlitError(
            f"PEFT puts {config.num_virtual_tokens} trained vectors before every text of this model "
            f"({one_line(kind, 40)}). They are no tokens, so attnlit cannot show them. It shows the base "
            "model without them: attnlit.load(model.get_base_model(), tokenizer=tokenizer)."
        )


def _name(module: PreTrainedModel) -> str:
    """What to call it: the last part of where it came from, or its class."""
    origin = str(getattr(module.config, "_name_or_path", "") or "").rstrip("/\\")
    return one_line(origin.replace("\\", "/").rsplit("/", 1)[-1], 60) or type(module).__name__


def _adapted(module: PreTrainedModel) -> tuple[str, ...]:
    """What to say of adapters in a model's layers: which are switched on, or that they are off."""
    # A model of transformers has functions of these names, too.
    layers = [each for each in module.modules() if isinstance(getattr(each, "disable_adapters", None), bool)]
    if layers and all(each.disable_adapters for each in layers):
        return ("Its adapters are switched off: this is the model without them.",)
    names = sorted({str(name) for each in layers for name in each.active_adapters})
    if not names:
        return ()
    named = ", ".join(quoted(name) for name in names[:3])
    return (f"Looked at with its adapter{'s' if len(names) > 1 else ''} {named}.",)


def _coarse(module: PreTrainedModel) -> tuple[str, ...]:
    """What to say of a model that computes in 16 bits."""
    import torch

    if torch.finfo(module.dtype).bits >= 32:
        return ()
    numbers = str(module.dtype).removeprefix("torch.")
    return (f"This model computes in {numbers}: a weight and the scores it comes from agree to two digits.",)
