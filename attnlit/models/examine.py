"""Reads a model's settings and tokenizer, without its weights: can it be opened, and how large will it be?"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from attnlit.errors import AttnlitError
from attnlit.models import classes, folder, limits, settings
from attnlit.models.failures import explain, machine_is_full, native_faults, runs_own_program, unknown_kind
from attnlit.wording import one_line, quoted

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedTokenizerBase

# transformers swaps methods of its own classes and functions of torch while it builds or loads a model, for
# the whole process; two at once put back each other's. Whoever builds or loads one waits for this lock.
_building = threading.RLock()


@contextmanager
def alone_and_quiet() -> Iterator[None]:
    """One thread at a time, and without transformers' tables and bars: what matters becomes a sentence."""
    from transformers.utils import logging

    with _building, native_faults():
        verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
        logging.set_verbosity_error()
        logging.disable_progress_bar()
        try:
            yield
        finally:
            logging.set_verbosity(verbosity)
            if bars:
                logging.enable_progress_bar()


@dataclass(frozen=True)
class Examined:
    """What a model's settings say, once they have been found sound."""

    config: PretrainedConfig
    tokenizer: PreTrainedTokenizerBase
    head: classes.Head
    numbers: int  # parameters and buffers
    most_tokens: int | None  # up to which its attention is full; None where that has no limit


def check_settings(place: Path, name: str) -> int:
    """How many numbers the model of a folder has, as its configuration says.

    Raises AttnlitError if it cannot be opened, by all that can be told without weights.
    """
    folder.check(place, name)
    try:
        with alone_and_quiet(), settings.room(place, name) as clean:
            return read_settings(clean, place, name).numbers
    except AttnlitError:
        raise
    except Exception as error:
        raise AttnlitError(explain(error, name)) from error


def read_settings(clean: Path, place: Path, name: str) -> Examined:
    """Reads the cleaned settings of `settings.room`; place: the folder that they were made from."""
    config = _read_config(clean, place, name)
    tokenizer = _read_tokenizer(clean, config, name)
    most = classes.without_sparse_attention(config)
    head = classes.head_of(config)
    try:
        numbers = classes.parameters(config, head, name)
    except (AttnlitError, ImportError, MemoryError):
        raise
    except Exception as error:
        if machine_is_full(error):
            raise
        raise AttnlitError(_odd_values(name)) from error
    limits.check_size(name, numbers)
    return Examined(config, tokenizer, head, numbers, most)


def _read_config(clean: Path, place: Path, name: str) -> PretrainedConfig:
    from transformers import CONFIG_MAPPING, AutoConfig

    found = settings.read(place, settings.CONFIG, name)
    kind = found.get("model_type")
    if not isinstance(kind, str) or kind not in CONFIG_MAPPING:
        raise AttnlitError(runs_own_program(name) if "auto_map" in found else unknown_kind(name))
    settings.check_counts(found, name)
    try:
        config = AutoConfig.from_pretrained(clean, trust_remote_code=False, local_files_only=True)
        config.get_text_config(decoder=True)
    except Exception as error:
        raise AttnlitError(_odd_values(name)) from error
    classes.check_vocabulary(config, name)
    return config


def _odd_values(name: str) -> str:
    return (
        f"The config.json of {quoted(name)} holds values that its kind of model cannot have. Choose another."
    )


def _read_tokenizer(clean: Path, config: PretrainedConfig, name: str) -> PreTrainedTokenizerBase:
    """Raises AttnlitError where there is none: transformers then builds an almost empty one in silence."""
    from transformers import AutoTokenizer

    try:
        with native_faults():
            tokenizer = AutoTokenizer.from_pretrained(
                clean, config=config, trust_remote_code=False, local_files_only=True
            )
    except ImportError as error:
        package = f" ({one_line(error.name, 40)})" if error.name else ""
        raise AttnlitError(
            f"The tokenizer of {quoted(name)} needs a Python package{package} that is not installed here."
        ) from error
    except Exception as error:
        raise AttnlitError(
            f"{quoted(name)} comes without a tokenizer that can be read, so no text can be given to it. "
            "Choose another model."
        ) from error
    files = set(getattr(tokenizer, "vocab_files_names", {}).values())
    words = config.get_text_config(decoder=True).vocab_size
    if files and not any((clean / each).exists() for each in files) and len(tokenizer) < min(200, words // 2):
        raise AttnlitError(
            f"{quoted(name)} comes without its tokenizer's files, so no text can be given to it. Save the "
            "tokenizer into the same folder, or choose another model."
        )
    return tokenizer
