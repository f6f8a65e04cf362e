"""Why a model did not load, in words: what libraries raise and hubs answer becomes a sentence.

Reasons are told by the types of exceptions, by numbers and by facts, not by what a message happens to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from attnlit.errors import AttnlitError
from attnlit.wording import one_line, quoted


def causes(error: BaseException) -> list[BaseException]:
    """The error and what caused it, outermost first: libraries wrap each other's."""
    chain: list[BaseException] = []
    inner: BaseException | None = error
    while inner is not None and inner not in chain:
        chain.append(inner)
        inner = inner.__cause__ or inner.__context__
    return chain


def machine_is_full(error: BaseException) -> bool:
    """Whether the machine ran out of memory or threads: that says nothing of the model.

    torch and threading raise plain RuntimeErrors for it, so here, and nowhere else, the text decides.
    """
    chain = causes(error)
    text = " ".join(str(cause) for cause in chain).lower()
    signs = ("can't allocate memory", "out of memory", "not enough memory", "can't start new thread")
    return any(isinstance(cause, MemoryError) for cause in chain) or any(sign in text for sign in signs)


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


class Unreachable(AttnlitError):
    """The hub gave no answer that helps; what was downloaded before still opens."""


def unreachable(name: str) -> Unreachable:
    return Unreachable(
        f"{quoted(name)} must be fetched from the Hugging Face hub, and the hub cannot be reached. Check the "
        "network, or choose a bundled model: they need none."
    )


def no_answer(name: str) -> Unreachable:
    return Unreachable(
        f"The Hugging Face hub did not answer in time when asked for {quoted(name)}. Try again in a minute, "
        "or choose a bundled model. On a slow line, set ATTNLIT_HUB_SECONDS higher where you run your own."
    )


def no_way_through_proxy() -> Unreachable:
    """The sentence for a proxy that nothing can be sent through; its address may hold a password."""
    return Unreachable(
        "The Hugging Face hub cannot be asked through the proxy that is set here (HTTPS_PROXY, ALL_PROXY). "
        "Correct its address, or install the Python package socksio if it is a SOCKS proxy; or choose a "
        "bundled model: they need none."
    )


def unreadable_answer(name: str) -> Unreachable:
    return Unreachable(
        f"What the hub answered about {quoted(name)} cannot be read. Check that HF_ENDPOINT and proxies are "
        "set as they should be, or choose a bundled model."
    )


def refused(name: str, status: int, headers: Mapping[str, str], *, with_token: bool) -> AttnlitError:
    """What it means that the hub answered a request with this status instead of what was asked for."""
    code = headers.get("X-Error-Code", "")
    if code == "GatedRepo":
        return AttnlitError(_gated(name, with_token))
    if code == "RevisionNotFound":
        return AttnlitError(
            f"The hub's model {quoted(name)} has no such revision. Give one of its branches, tags or commits."
        )
    if code == "RepoNotFound" or (not code and status in (401, 404)):
        private = "" if with_token else " A private one needs HF_TOKEN and ATTNLIT_HUB_TOKEN=1."
        return AttnlitError(
            f"The Hugging Face hub has no public model called {quoted(name)}, and there is no model folder "
            f"of that name here. Check the spelling: most names look like “owner/model”.{private}"
        )
    if code == "EntryNotFound":
        return AttnlitError(f"A file of {quoted(name)} is gone from the hub. Try again in a few minutes.")
    if status == 429:
        return Unreachable(
            f"The Hugging Face hub has been asked too often from here, and asks for a pause of "
            f"{_pause(headers.get('Retry-After', ''))}. Ask for {quoted(name)} again then, or choose a "
            "bundled model."
        )
    if status >= 500:
        return Unreachable(
            f"The Hugging Face hub is out of order at the moment (it answered {status}). Ask for "
            f"{quoted(name)} again in a few minutes, or choose a bundled model."
        )
    return AttnlitError(
        f"The Hugging Face hub refuses to send {quoted(name)} (it answered {status}). Choose another model."
    )


def _gated(name: str, with_token: bool) -> str:
    if with_token:
        return (
            f"{quoted(name)} asks its users to accept a licence first. Accept it on the model's page at "
            "huggingface.co with the account that HF_TOKEN belongs to."
        )
    return (
        f"{quoted(name)} asks its users to accept a licence first. Accept it on the model's page at "
        "huggingface.co, then set HF_TOKEN and ATTNLIT_HUB_TOKEN=1 where you run attnlit."
    )


def _pause(retry_after: str) -> str:
    seconds = int(retry_after) if retry_after.strip().isdecimal() and len(retry_after) < 8 else 60
    return f"{max(seconds, 1)} seconds" if seconds < 120 else f"{-(-seconds // 60):,} minutes"


def runs_own_program(name: str) -> str:
    """The sentence for a model whose code comes with its files."""
    return f"{quoted(name)} wants to run its own program, and attnlit never does that. Choose another model."


def unknown_kind(name: str) -> str:
    """The sentence for an architecture that transformers lacks."""
    return (
        f"{quoted(name)} is of a kind that the installed version of transformers does not know. Update "
        "transformers, or choose another model."
    )


def explain(error: Exception, name: str) -> str:
    """A sentence for what no other place has foreseen."""
    if machine_is_full(error):
        return f"{quoted(name)} does not fit into this machine's memory. Choose a smaller model."
    if isinstance(error, PermissionError):
        return f"attnlit may not read the files of {quoted(name)}. Give it permission to read them."
    if isinstance(error, ImportError):
        package = f" ({one_line(error.name, 40)})" if error.name else ""
        return f"{quoted(name)} needs a Python package{package} that is not installed here."
    return (
        f"{quoted(name)} could not be loaded: its files do not fit together, or the installed version of "
        f"transformers has a fault ({type(error).__name__}). Choose another model."
    )
