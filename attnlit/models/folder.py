"""Looks at a folder before anything is loaded from it: is there a model, and what must be said of it?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attnlit.errors import AttnlitError
from attnlit.models import settings, weights
from attnlit.wording import one_line, quoted

_SAYS_LITTLE = re.compile(r"model|checkpoint.*|final|best|last|output|latest|\d+_Transformer|[0-9a-f]{40}")
_NUMBER = re.compile(r"\d+")
_MOST_SHOWN = 60
_SNAPSHOTS = "snapshots"
ADAPTER = "adapter_config.json"


def shown_name(folder: Path) -> str:
    """What to call a folder: its last name, with the one above where that alone would say little."""
    folder = folder.resolve()
    name = folder.name
    if _SAYS_LITTLE.fullmatch(name) and folder.parent.name:
        name = f"{folder.parent.name}/{name}"
    return one_line(name, _MOST_SHOWN)


def no_model(name: str) -> str:
    """One sentence for a folder that is missing, is a file, cannot be read or holds no model.

    It is the same for all of them: who may name a server's folders must not learn what else is there.
    """
    return (
        f"There is no model folder {quoted(name)}. Give a folder that holds config.json and safetensors, "
        "as save_pretrained writes them."
    )


def holds_model(folder: Path) -> bool:
    """Whether anything here is a model or a part of one, so that a sentence about the folder may be said."""
    try:
        return (folder / settings.CONFIG).is_file() or bool(_why_not(folder, folder.name))
    except OSError:
        return False


def check(folder: Path, name: str) -> tuple[str, ...]:
    """Notes to show beside the model. Raises AttnlitError if the folder holds no model that can be opened."""
    if not (folder / settings.CONFIG).is_file():
        raise AttnlitError(_why_not(folder, name) or no_model(name))
    found = settings.read(folder, settings.CONFIG, name)
    _check_quantised(found, name)
    if (folder / ADAPTER).is_file():
        return (
            "An adapter lies beside these weights and is not applied: this is the folder's own model without "
            "it.",
        )
    return ()


def _check_quantised(config: Mapping[str, Any], name: str) -> None:
    plans = (config.get(each) for each in ("quantization_config", "compression_config", "quantization"))
    plan = next((each for each in plans if each), None)
    if not isinstance(plan, dict) or not plan:
        return
    bits = next((plan[key] for key in ("bits", "nbits", "w_bit") if isinstance(plan.get(key), int)), None)
    bits = 4 if plan.get("load_in_4bit") else 8 if plan.get("load_in_8bit") else bits
    method = plan.get("quant_method")
    how = [f"{bits} bits"] if bits else []
    how += [one_line(method, 20)] if isinstance(method, str) else []
    raise AttnlitError(weights.quantised(name, ", ".join(how)))


def _why_not(folder: Path, name: str) -> str:
    """What a folder without a config.json is instead, where that can be told; otherwise nothing."""
    if (folder / ADAPTER).is_file():
        base = settings.read(folder, ADAPTER, name).get("base_model_name_or_path")
        whose = f" for {quoted(_last_names(base))}" if isinstance(base, str) and base else ""
        return (
            f"{quoted(name)} holds only an adapter{whose}. Merge it into its model (merge_and_unload), save "
            "the result, and open that; or load both with peft and give attnlit the model itself."
        )
    inside = _models_inside(folder)
    if inside:
        return (
            f"{quoted(name)} holds no model itself, but its folder {quoted(inside)} does. Choose that one, "
            f"by adding {quoted('/' + inside)} to the name."
        )
    return ""


def _last_names(base: str) -> str:
    """A hub id as it is; of a path only its end, because it tells of somebody's machine."""
    parts = [part for part in re.split(r"[/\\]", base) if part]
    is_path = base.startswith(("/", ".", "~")) or "\\" in base or len(parts) > 2
    return parts[-1] if is_path and parts else base


def _models_inside(folder: Path) -> str:
    """The folder with a model in it: a training run's newest, sentence-transformers', a hub cache's."""
    places = [place for each in (folder, folder / _SNAPSHOTS) if each.is_dir() for place in each.iterdir()]
    found = [
        place.relative_to(folder).as_posix()
        for place in places
        if _SAYS_LITTLE.fullmatch(place.name)  # no list of what else is there
        and (place / settings.CONFIG).is_file()
    ]

    def order(each: str) -> tuple[bool, int, str]:
        numbers = _NUMBER.findall(each)
        return each.startswith("checkpoint-"), int(numbers[-1]) if numbers else -1, each

    return max(found, key=order, default="")
