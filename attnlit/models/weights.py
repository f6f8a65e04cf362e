"""The safetensors of a folder: which files count, and what is in them by their headers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path, PurePosixPath

from attnlit.errors import AttnlitError
from attnlit.models import settings
from attnlit.models.failures import native_faults
from attnlit.wording import quoted

WHOLE = "model.safetensors"
# What weights are written in. In whatever else they are quantised; masks and positions of old files are none.
_NUMBERS = frozenset({"F64", "F32", "F16", "BF16"})
# What wrappers put into names: of torch.compile, of FSDP, of activation checkpointing.
_WRAPPERS = ("_orig_mod.", "_fsdp_wrapped_module.", "_checkpoint_wrapped_module.")
_ADAPTED = "base_layer."  # what PEFT puts into the names of weights beside which an adapter stands
_MOST_HEADER_BYTES = 32_000_000  # the longest of today, of models with a thousand experts, have 10


@dataclass(frozen=True)
class Tensor:
    """One tensor, from its file's header."""

    file: str
    shape: tuple[int, ...]
    type: str  # as safetensors names it: “F32”, “BF16” …

    @property
    def numbers(self) -> int:
        return prod(self.shape)


def files_of(folder: Path, name: str) -> tuple[str, ...]:
    """The names of the weight files that count: `model.safetensors`, or else what the index names.

    Other safetensors beside them (an optimizer's, a consolidated copy) are no part of the model. Raises
    AttnlitError where there are none, or one that is named is missing.
    """
    if (folder / WHOLE).is_file():
        return (WHOLE,)
    if (folder / settings.INDEX).is_file():
        files = named_in(settings.read(folder, settings.INDEX, name), name)
        lost = [file for file in files if not (folder / file).is_file()]
        if lost:
            raise AttnlitError(lacks(name, lost, len(files)))
        return files
    found = sorted(file.name for file in folder.glob("*.safetensors") if file.is_file())
    found = [file for file in found if may_be_part(file)]
    if not found:
        raise AttnlitError(_unfinished(folder, name) or no_safetensors(name))
    return tuple(found)


def _unfinished(folder: Path, name: str) -> str:
    """The sentence for weights of which only a link, or a part that waits for the rest, is there."""
    parts = [
        file.name
        for file in folder.iterdir()
        if ".safetensors" in file.name and not file.name.endswith(".json") and may_be_part(file.name)
    ]
    if not parts:
        return ""
    return (
        f"The weights of {quoted(name)} are not all here: {quoted(min(parts))} is a link that leads nowhere, "
        "or a part of a download. Download or copy it again."
    )


def may_be_part(file: str) -> bool:
    """Whether safetensors that no index names may be the model's, by their name."""
    return not file.startswith(("adapter", "optimizer", "consolidated"))


def no_safetensors(name: str) -> str:
    """The sentence for a model that is there in other formats only."""
    return (
        f"{quoted(name)} comes without safetensors, and attnlit reads no other format, because others can "
        "run programs. Save the model again with save_pretrained, or choose another."
    )


def lacks(name: str, lost: Sequence[str], files: int) -> str:
    """The sentence for a model without some of the files that its index names."""
    return (
        f"{quoted(name)} lacks {len(lost)} of its {files} weight files, such as {quoted(lost[0])}. Download "
        "or save it again."
    )


def named_in(index: Mapping[str, object], name: str) -> tuple[str, ...]:
    """The files that an index names. Raises AttnlitError for an index that names none, or names a path."""
    tensors = index.get("weight_map")
    files = sorted({str(file) for file in tensors.values()}) if isinstance(tensors, dict) else []
    if not files or not all(map(_may_be_beside, files)):
        raise AttnlitError(
            f"The index of the weights of {quoted(name)} does not name safetensors beside it. Choose another "
            "model."
        )
    return tuple(files)


def _may_be_beside(file: str) -> bool:
    """Whether a name in an index is that of a weight file, and no path."""
    return PurePosixPath(file).name == file and "\\" not in file and file.endswith(".safetensors")


def headers(folder: Path, name: str) -> dict[str, Tensor]:
    """Every tensor of a folder's weights, from the headers alone: nothing else is read into memory.

    Raises AttnlitError for files that are broken or cut off: the header must account for every byte.
    """
    from safetensors import safe_open

    tensors = {}
    for file in files_of(folder, name):
        settings.check_whole(folder / file, name)
        try:
            _check_length(folder / file)
            with native_faults(), safe_open(folder / file, framework="pt") as opened:
                for key in opened.keys():  # noqa: SIM118 - no mapping
                    part = opened.get_slice(key)
                    tensors[key] = Tensor(file, tuple(part.get_shape()), part.get_dtype())
        except PermissionError as error:
            raise AttnlitError(
                f"attnlit may not read the weights of {quoted(name)}. Give it permission to read them."
            ) from error
        except Exception as error:  # SafetensorError, OSError, ValueError, a panic: all mean one thing here
            raise AttnlitError(_broken(file, name)) from error
    if not tensors:
        raise AttnlitError(_broken(next(iter(files_of(folder, name))), name))
    return tensors


def _broken(file: str, name: str) -> str:
    return (
        f"The weight file {quoted(file)} of {quoted(name)} is broken or cut off. Download or save it again."
    )


def _check_length(file: Path) -> None:
    """Raises ValueError for a header of absurd length, which would be read as a whole."""
    with file.open("rb") as opened:
        if int.from_bytes(opened.read(8), "little") > _MOST_HEADER_BYTES:
            raise ValueError("the header is too long")


def check_types(tensors: Mapping[str, Tensor], name: str) -> None:
    """Raises AttnlitError if the weights are quantised, whatever the configuration says."""
    if any(
        each.type not in _NUMBERS and key.endswith("weight") and len(each.shape) > 1
        for key, each in tensors.items()
    ):
        raise AttnlitError(quantised(name))


def quantised(name: str, how: str = "") -> str:
    """The sentence for a quantised checkpoint. how: “4 bits, gptq”"""
    return (
        f"{quoted(name)} is quantised{f' ({how})' if how else ''}, and attnlit computes with the full "
        "numbers. Choose the checkpoint that it was made from."
    )


def check_prefix(tensors: Mapping[str, Tensor], expected: set[str], base: str, name: str) -> None:
    """Raises AttnlitError if the weights' names differ from the model's by a word before or within them.

    So they do if a compiled or wrapped model was saved as it was, or one of its parts was wrapped. expected:
    the model's own names; base: the prefix that transformers itself adds and takes away.
    """
    adapted = next((key for key in tensors if f".{_ADAPTED}" in key), None)
    if adapted is not None:
        raise AttnlitError(
            f"The weights of {quoted(name)} were saved with an adapter among them: {quoted(adapted)} holds "
            f"{quoted(_ADAPTED)}. Merge it into the model (merge_and_unload), save the result, and open that."
        )
    for wrapper in _WRAPPERS:
        inner = next((key for key in tensors if f".{wrapper}" in key), None)
        if inner is not None:
            raise AttnlitError(
                f"The weights of {quoted(name)} were saved while a part of the model was compiled or "
                f"wrapped: {quoted(inner)} holds {quoted(wrapper)}. Save the unwrapped model, or take "
                "that out of the names."
            )
    if not tensors or expected & set(tensors):
        return
    first = next(iter(tensors))
    prefixes = [first[: place + 1] for place, letter in enumerate(first) if letter == "."]
    for prefix in prefixes:
        if prefix == f"{base}." or not all(key.startswith(prefix) for key in tensors):
            continue
        bare = {key.removeprefix(prefix) for key in tensors}
        if expected & (bare | {f"{base}.{key}" for key in bare}):
            raise AttnlitError(
                f"The weights of {quoted(name)} were saved from a compiled or wrapped model: every name "
                f"begins with {quoted(prefix)}. Save the model inside it, as in "
                f"model.{prefix}save_pretrained(…)."
            )
