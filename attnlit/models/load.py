"""Loads a text model safely: safetensors only, no code from the repository, float32, failures in words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnlit.errors import AttnlitError
from attnlit.models import catalogue, identity, limits
from attnlit.models.failures import explain, no_network
from attnlit.models.model import Checkpoint

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedTokenizerBase

HUB_SECONDS = 5.0  # to wait for the hub's first answer
_HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?")
_IN_A_LAYER = re.compile(
    r"\.\d+\."
)  # a weight's name with a number in it is of a layer, not of a head on top
_UNLIMITED = 1_000_000  # tokenizers without a limit report a number far above this


def load(name: str) -> Checkpoint:
    """Loads a bundled model by its name, a local folder, or a model of the Hugging Face hub.

    Raises AttnlitError, in words, whatever goes wrong: unknown name, no network, no safetensors, too large,
    no tokenizer, not a text model.
    """
    name = name.strip()
    try:
        shown, place, now = _find(name)
        with _quiet():
            return _read(name, shown, place, now)
    except AttnlitError:
        raise
    except Exception as error:  # the libraries raise dozens of types: explain() knows them
        raise AttnlitError(explain(error, name)) from error


def _find(name: str) -> tuple[str, str | Path, str]:
    """(name to show, place to read from, identity). The place is a folder, or the id of a hub model."""
    if not name:
        raise AttnlitError("Choose a model first: a bundled one such as “mini-bert”, or a name from the hub.")
    known = catalogue.entry(name)
    if known is not None and known.bundled:
        return name, _check_folder(name, catalogue.BUNDLED / name), identity.of_bundled(name)
    folder = Path(name).expanduser()
    if folder.is_dir():
        shown = folder.resolve().name
        return shown, _check_folder(shown, folder), identity.of_folder(folder)
    if folder.is_file():
        raise AttnlitError(
            f"“{name}” is a file. Give the folder that holds the model's config.json and safetensors."
        )
    if name.startswith((".", "/", "~")) or "\\" in name or name.count("/") > 1:
        raise AttnlitError(f"There is no folder “{name}”. Check the path.")
    if not _HUB_ID.fullmatch(name):
        raise AttnlitError(f"“{name[:80]}” is not a model's name. Names look like “gpt2” or “owner/model”.")
    place, commit = _ask_hub(name)
    return name, place, identity.of_hub(name, commit)


def _check_folder(name: str, folder: Path) -> Path:
    """The folder, if it holds a configuration and safetensors that are small enough."""
    if not (folder / "config.json").is_file():
        raise AttnlitError(f"The folder of “{name}” holds no config.json, so it is not a model's folder.")
    files = _weight_files(folder)
    if not files:
        raise AttnlitError(
            f"The folder of “{name}” holds no safetensors. attnlit reads no other format, because others can "
            "run programs; save the model again with save_pretrained."
        )
    limits.check_size(name, sum(_parameters(file) for file in files))
    return folder


def _weight_files(folder: Path) -> list[Path]:
    whole = folder / "model.safetensors"
    return [whole] if whole.is_file() else sorted(folder.glob("*.safetensors"))


def _parameters(file: Path) -> int:
    """Numbers in a safetensors file, from its header alone: nothing is read into memory."""
    from safetensors import safe_open

    with safe_open(file, framework="np") as tensors:
        shapes = [tensors.get_slice(key).get_shape() for key in tensors.keys()]  # noqa: SIM118 - no mapping
    total = 0
    for shape in shapes:
        size = 1
        for length in shape:
            size *= length
        total += size
    return total


def _ask_hub(name: str) -> tuple[str | Path, str | None]:
    """(place, commit). Asks first: one quick answer, not half a minute of retries, and the size at once."""
    from huggingface_hub import HfApi, try_to_load_from_cache

    try:
        info = HfApi().model_info(name, timeout=HUB_SECONDS, files_metadata=True)
    except Exception as error:
        cached = try_to_load_from_cache(name, "config.json")
        if no_network(error) and isinstance(cached, str):
            return _check_folder(name, Path(cached).parent), Path(cached).parent.name
        raise
    files = [file for file in info.siblings or () if file.rfilename.endswith(".safetensors")]
    if not files:
        raise AttnlitError(
            f"“{name}” offers no safetensors, and attnlit reads no other format. Choose another model."
        )
    on_disk = sum(file.size or 0 for file in files)
    limits.check_size(name, info.safetensors.total if info.safetensors else on_disk // limits.FLOAT32_BYTES)
    return name, info.sha


@contextmanager
def _quiet() -> Iterator[None]:
    """Without transformers' own tables and bars: what matters of them becomes a note or an error."""
    from transformers.utils import logging

    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()


def _read(name: str, shown: str, place: str | Path, now: str) -> Checkpoint:
    import torch
    from transformers import AutoConfig, AutoTokenizer

    safe: dict[str, Any] = {"trust_remote_code": False, "local_files_only": isinstance(place, Path)}
    config = AutoConfig.from_pretrained(place, **safe)
    tokenizer = AutoTokenizer.from_pretrained(place, **safe)
    _check_tokenizer(shown, tokenizer, config)
    auto, predicts, masked = _model_class(config)
    module, report = auto.from_pretrained(
        place, config=config, dtype=torch.float32, use_safetensors=True, attn_implementation="eager",
        output_loading_info=True, **safe,
    )  # fmt: skip
    if getattr(module, "main_input_name", "") != "input_ids":
        raise AttnlitError(f"“{shown}” does not read text. Choose a text model.")
    predicts = _has_every_weight(shown, report["missing_keys"]) and predicts
    module.eval().requires_grad_(False)
    module.config.use_cache = False  # one pass over the whole text: there is nothing to keep for a next one
    headless = "This checkpoint has no trained head for words: its attention is real, but it predicts none."
    return Checkpoint(
        name=shown,
        source=name,
        identity=now,
        module=module,
        tokenizer=tokenizer,
        max_tokens=_max_tokens(module, tokenizer),
        masked=masked,
        predicts=predicts,
        notes=() if predicts else (headless,),
    )


def with_random_weights(checkpoint: Checkpoint, seed: int = 0) -> Checkpoint:
    """The checkpoint as its architecture is initialised before training. Raises AttnlitError if too large."""
    import torch

    limits.check_size(checkpoint.name, checkpoint.module.num_parameters())
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        module = type(checkpoint.module)(deepcopy(checkpoint.module.config))
    module.eval().requires_grad_(False)
    return Checkpoint(
        **{each.name: getattr(checkpoint, each.name) for each in fields(Checkpoint)}
        | {"module": module, "identity": identity.of_untrained(checkpoint.identity, seed)}
    )


def _has_every_weight(name: str, missing_keys: Iterable[str]) -> bool:
    """Whether the head on top came with the files. Raises AttnlitError if anything below it did not."""
    missing = sorted(key for key in missing_keys if "pooler" not in key)  # attention never meets a pooler
    lost = [key for key in missing if _IN_A_LAYER.search(key)]
    if lost:
        raise AttnlitError(
            f"The files of “{name}” lack {len(lost)} weights of its layers, such as {lost[0]}."
        )
    return not missing


def _check_tokenizer(name: str, tokenizer: PreTrainedTokenizerBase, config: PretrainedConfig) -> None:
    """A missing tokenizer is silent: transformers builds one with hardly a word in it."""
    words = getattr(config.get_text_config(decoder=True), "vocab_size", None)
    if words is None:
        raise AttnlitError(f"“{name}” has no vocabulary. Choose a text model.")
    if len(tokenizer) < min(200, words // 2):
        raise AttnlitError(f"“{name}” comes without its tokenizer's files, so no text can be given to it.")


def _model_class(config: PretrainedConfig) -> tuple[Any, bool, bool]:
    """(class to load with, it predicts words, it predicts masked words), by the architecture that was saved.

    A class with a head that was never saved would load too, with random weights, so the name decides.
    """
    import transformers
    from transformers.models.auto import modeling_auto as auto

    saved = set(config.architectures or ())
    if saved & set(auto.MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES.values()):
        return transformers.AutoModelForSeq2SeqLM, True, False
    masked_heads = auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES
    if saved & set(masked_heads.values()) or (
        any(each.endswith("ForPreTraining") for each in saved) and config.model_type in masked_heads
    ):
        return transformers.AutoModelForMaskedLM, True, True
    if saved & set(auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.values()):
        return transformers.AutoModelForCausalLM, True, False
    if saved & set(auto.MODEL_FOR_TEXT_ENCODING_MAPPING_NAMES.values()):
        return transformers.AutoModelForTextEncoding, False, False
    return transformers.AutoModel, False, False


def _max_tokens(module: Any, tokenizer: PreTrainedTokenizerBase) -> int:
    """The most positions that both the model and its tokenizer allow."""
    import torch

    config = module.config.get_text_config(decoder=True)
    names = ("max_position_embeddings", "n_positions", "seq_length")
    found = [getattr(config, each, None) for each in names] + [tokenizer.model_max_length]
    for name, part in module.named_modules():
        # RoBERTa counts positions from padding_idx + 1, so two of its 514 cannot be used.
        if (
            isinstance(part, torch.nn.Embedding)
            and name.endswith("position_embeddings")
            and part.padding_idx is not None
        ):
            found.append(part.num_embeddings - part.padding_idx - 1)
    return min([int(each) for each in found if each and 0 < each < _UNLIMITED], default=_UNLIMITED)
