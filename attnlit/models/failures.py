"""Why a model did not load, in words: the libraries' exceptions become sentences that say what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


def causes(error: BaseException) -> list[BaseException]:
    """The error and what caused it, outermost first: transformers wraps the hub's errors in an OSError."""
    chain: list[BaseException] = []
    inner: BaseException | None = error
    while inner is not None and inner not in chain:
        chain.append(inner)
        inner = inner.__cause__ or inner.__context__
    return chain


def no_network(error: BaseException) -> bool:
    """Whether the hub was out of reach: no connection, no answer in time, or told to stay offline."""
    from huggingface_hub import errors

    offline = (errors.OfflineModeIsEnabled, errors.LocalEntryNotFoundError, ConnectionError, TimeoutError)
    names = (
        "ConnectError",
        "ConnectTimeout",
        "ReadTimeout",
        "ConnectionError",
        "ReadError",
        "RemoteProtocolError",
    )
    return any(isinstance(cause, offline) or type(cause).__name__ in names for cause in causes(error))


def machine_is_full(error: BaseException) -> bool:
    """Whether the machine ran out of memory or threads: that says nothing of the model."""
    chain = causes(error)
    text = " ".join(str(cause) for cause in chain).lower()
    signs = ("can't allocate memory", "out of memory", "not enough memory", "can't start new thread")
    return any(isinstance(cause, MemoryError) for cause in chain) or any(sign in text for sign in signs)


def explain(error: BaseException, name: str) -> str:
    """One or two sentences for a model that failed to load, whatever the library raised."""
    from huggingface_hub import errors

    chain = causes(error)
    text = " ".join(str(cause) for cause in chain)

    def among(*types: type[BaseException]) -> bool:
        return any(isinstance(cause, types) for cause in chain)

    # A gated repository counts as "not found" in the hub's class tree, so it must be asked first.
    if among(errors.GatedRepoError):
        return (
            f"“{name}” asks its readers to accept a licence first. Accept it on the model's page at "
            "huggingface.co, and set HF_TOKEN where you run attnlit."
        )
    if among(errors.RepositoryNotFoundError):
        return (
            f"The Hugging Face hub has no public model called “{name}”. Check the spelling: most names look "
            "like “owner/model”."
        )
    if among(errors.HFValidationError):
        return f"“{name}” is not a model's name. Names look like “gpt2” or “owner/model”."
    if no_network(error):
        return (
            f"“{name}” must be fetched from the Hugging Face hub, and the hub cannot be reached. Check the "
            "network, or choose a bundled model: they need none."
        )
    if among(errors.HfHubHTTPError):
        return f"The Hugging Face hub did not deliver “{name}”. Try again in a few minutes."
    if machine_is_full(error):
        return f"“{name}” does not fit into this machine's memory. Choose a smaller model."
    if "custom code" in text or "trust_remote_code" in text:
        return f"“{name}” wants to run its own program, and attnlit never does that. Choose another model."
    if "does not recognize this architecture" in text or "Unrecognized" in text or "model_type" in text:
        return f"“{name}” is of a kind that the installed version of transformers does not know."
    if "backend tokenizer" in text or "tokenizer" in text.lower():
        return f"“{name}” comes without a tokenizer that can be read, so no text can be given to it."
    if "safetensors" in text.lower() or any("Safetensor" in type(cause).__name__ for cause in chain):
        return (
            f"The safetensors of “{name}” are missing or cannot be read, and attnlit loads no other format."
        )
    detail = " ".join(str(error).split())[:160]
    return f"“{name}” could not be loaded ({type(error).__name__}: {detail})."


class NativeFault(Exception):
    """A library written in Rust gave up (“panicked”) on what it was given."""


@contextmanager
def native_faults() -> Iterator[None]:
    """Turns the panics of Rust libraries (tokenizers, safetensors) into NativeFault, an ordinary exception.

    pyo3 derives its PanicException from BaseException, so that it passes every `except Exception` and would
    end a session without a word. What is meant to end a program, KeyboardInterrupt and SystemExit, passes.
    """
    try:
        yield
    except Exception:
        raise
    except BaseException as fault:
        if not any(kind.__name__ == "PanicException" for kind in type(fault).__mro__):
            raise
        raise NativeFault(str(fault)) from fault
