"""What one deployment allows: set by environment variables, asked before memory is spent."""

from __future__ import annotations

import os

from attnlit.errors import AttnlitError


def max_tokens() -> int:
    """The longest text in tokens (ATTNLIT_MAX_TOKENS, 512): attention's memory grows with its square."""
    return _number("ATTNLIT_MAX_TOKENS", 512)


def max_model_megabytes() -> int:
    """The largest model by its weights in memory, as float32 (ATTNLIT_MAX_MODEL_MB, 2048)."""
    return _number("ATTNLIT_MAX_MODEL_MB", 2048)


def threads() -> int:
    """Torch threads a forward pass may use (ATTNLIT_THREADS, 1): on a shared host more of them only queue."""
    return _number("ATTNLIT_THREADS", 1)


def models_kept() -> int:
    """How many models the app keeps in memory (ATTNLIT_MAX_MODELS, 3)."""
    return _number("ATTNLIT_MAX_MODELS", 3)


def cache_megabytes() -> int:
    """How much the app keeps in memory beside models: records, measurements (ATTNLIT_CACHE_MB, 160)."""
    return _number("ATTNLIT_CACHE_MB", 160)


def any_model() -> bool:
    """Whether visitors may name any hub model or folder of the server (ATTNLIT_ANY_MODEL=1)."""
    return os.environ.get("ATTNLIT_ANY_MODEL", "").strip() == "1"


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


def check_size(name: str, parameters: int) -> None:
    """Raises AttnlitError if a model of so many parameters is larger than this deployment allows."""
    megabytes = parameters * FLOAT32_BYTES / 1e6
    limit = max_model_megabytes()
    if megabytes > limit:
        raise AttnlitError(
            f"“{name}” needs {megabytes:,.0f} MB of memory and this app allows {limit:,} MB. "
            "Choose a smaller model, or raise ATTNLIT_MAX_MODEL_MB where you run your own."
        )


def _number(variable: str, default: int) -> int:
    value = os.environ.get(variable, "").strip() or str(default)
    if not value.isdecimal() or int(value) < 1:
        raise AttnlitError(f"The setting {variable} must be a whole number above 0, and is “{value}”.")
    return int(value)
