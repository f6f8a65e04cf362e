"""What one deployment allows: set by environment variables, asked before memory is spent."""

from __future__ import annotations

import os

from attnlit.errors import AttnlitError
from attnlit.wording import quoted

SURVEY = "ATTNLIT_SURVEY"
_MOST_SECONDS = 600
_MOST = 10**9  # of anything that is counted
_MOST_THREADS = 1024  # torch takes any number, and the process dies where the system has no room for so many


def max_tokens() -> int:
    """The longest text in tokens (ATTNLIT_MAX_TOKENS, 512): attention's memory grows with its square."""
    return _number("ATTNLIT_MAX_TOKENS", 512)


def max_model_megabytes() -> int:
    """The largest model by its weights in memory, as float32 (ATTNLIT_MAX_MODEL_MB, 2048)."""
    return _number("ATTNLIT_MAX_MODEL_MB", 2048)


def threads() -> int:
    """Torch threads a forward pass may use (ATTNLIT_THREADS, 1): on a shared host more of them only queue."""
    return _number("ATTNLIT_THREADS", 1, _MOST_THREADS)


def models_kept() -> int:
    """How many models the app keeps in memory (ATTNLIT_MAX_MODELS, 3)."""
    return _number("ATTNLIT_MAX_MODELS", 3)


def cache_megabytes() -> int:
    """How much the app keeps in memory beside models: records, measurements (ATTNLIT_CACHE_MB, 160)."""
    return _number("ATTNLIT_CACHE_MB", 160)


def written_megabytes() -> int:
    """How much the keys and values of texts that are being written may take together: a quarter of that."""
    return max(1, cache_megabytes() // 4)


def disk_megabytes() -> int:
    """How much disk downloaded models may take (ATTNLIT_DISK_MB, 8192); the longest unused make room."""
    return _number("ATTNLIT_DISK_MB", 8192)


def hub_seconds() -> float:
    """How long a hub may take to answer a question (ATTNLIT_HUB_SECONDS, 1.8): a slow line needs more."""
    variable = "ATTNLIT_HUB_SECONDS"
    value = os.environ.get(variable, "").strip() or "1.8"
    try:
        seconds = float(value)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= _MOST_SECONDS:
        raise AttnlitError(
            f"The setting {variable} must be a number of seconds up to {_MOST_SECONDS}, and is "
            f"{quoted(value)}."
        )
    return seconds


def any_model() -> bool:
    """Whether visitors may name any hub model or folder of the server (ATTNLIT_ANY_MODEL=1)."""
    return os.environ.get("ATTNLIT_ANY_MODEL", "").strip() == "1"


def hub_token() -> bool:
    """Whether the hub is asked in the operator's name (ATTNLIT_HUB_TOKEN=1), with the token of HF_TOKEN.

    Off by default: the token would open the operator's private and gated models to every visitor.
    """
    return os.environ.get("ATTNLIT_HUB_TOKEN", "").strip() == "1"


def survey_folder() -> str:
    """The folder of a survey that the page of patterns offers (ATTNLIT_SURVEY); empty for none."""
    return os.environ.get(SURVEY, "").strip()


def forwards_at_once() -> int:
    """Forward passes that may run side by side: as many as the machine has processors for."""
    return max(1, (os.cpu_count() or 1) // threads())


def set_threads() -> None:
    """Gives torch and numpy their number of threads. The app calls this once, before the first model.

    With busy neighbours numpy's own choice, a thread for every processor, makes small products far slower.
    """
    import torch
    from threadpoolctl import threadpool_limits

    torch.set_num_threads(threads())
    threadpool_limits(threads(), user_api="blas")


FLOAT32_BYTES = 4  # what every parameter becomes in memory
# Files beside the weights: the largest tokenizers of today have 35 MB, the largest settings 10.
MAX_TOKENIZER_BYTES = 64_000_000
MAX_SETTINGS_BYTES = 16_000_000


def check_size(name: str, parameters: int) -> None:
    """Raises AttnlitError if a model of this many parameters is larger than this deployment allows."""
    megabytes = parameters * FLOAT32_BYTES / 1e6
    limit = max_model_megabytes()
    if megabytes > limit:
        raise AttnlitError(
            f"{quoted(name)} needs {megabytes:,.0f} MB of memory and this app allows {limit:,} MB. "
            "Choose a smaller model, or raise ATTNLIT_MAX_MODEL_MB where you run your own."
        )


def most_bytes(file: str) -> int:
    """How large a file beside the weights may be."""
    return MAX_SETTINGS_BYTES if file.endswith("config.json") else MAX_TOKENIZER_BYTES


def check_file(name: str, file: str, size: int) -> None:
    """Raises AttnlitError for a tokenizer's or settings file that no honest model has. size: in bytes."""
    most = most_bytes(file)
    if size > most:
        raise AttnlitError(
            f"The file {quoted(file)} of {quoted(name)} has {size / 1e6:,.0f} MB, and attnlit reads at most "
            f"{most / 1e6:,.0f} MB of it. Choose another model."
        )


def _number(variable: str, default: int, most: int = _MOST) -> int:
    value = os.environ.get(variable, "").strip() or str(default)
    # Python itself refuses to read a number of thousands of digits.
    if not value.isdecimal() or len(value) > len(str(most)) or not 1 <= int(value) <= most:
        raise AttnlitError(
            f"The setting {variable} must be a whole number from 1 to {most:,}, and is {quoted(value)}."
        )
    return int(value)
