"""Fetches one file over HTTP: goes on where it stopped, takes no more than was announced, and has an end.

huggingface_hub's own download waits as long as a hub asks it to (Retry-After), takes what arrives however
slowly or however much, and cannot be stopped; its names, addresses and tokens are used here.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from attnlit.errors import AttnlitError
from attnlit.models import failures, limits
from attnlit.wording import quoted


@dataclass(frozen=True)
class Patience:
    """How long a hub is waited for while it sends files."""

    stall_seconds: float = 15.0  # for the next byte of a file
    slow_seconds: float = 30.0  # within which at least slow_bytes of a file must arrive
    slow_bytes: int = 300_000
    tries: int = 3  # to go on after a broken connection that brought next to nothing
    parts: int = 1000  # a connection is worth another one if it brought more than this part of a file


_log = logging.getLogger(__name__)
patience = Patience()  # replaced by tests, and by nobody else


class Stopped(AttnlitError):
    """Nobody waits for the download any more."""


@dataclass(frozen=True)
class Remote:
    """A file of a hub's model."""

    model: str  # for sentences
    name: str
    url: str
    size: int | None  # as the hub lists it
    sha256: str | None = None


def http() -> ModuleType:
    """The library that huggingface_hub speaks HTTP with: httpx, or its successor in newer versions."""
    return import_module(type(_session()).__module__.partition(".")[0])


def _session() -> Any:
    """huggingface_hub's own. Raises Unreachable where it cannot even be made, which is for a proxy's sake."""
    from huggingface_hub import get_session

    try:
        return get_session()
    except Exception as error:  # of a wrong address several types, of a missing package ImportError
        raise failures.no_way_through_proxy() from error


def headers() -> dict[str, str]:
    """What is sent along: the operator's token only where that is switched on."""
    from huggingface_hub.utils import build_hf_headers

    return {**build_hf_headers(token=None if limits.hub_token() else False), "Accept-Encoding": "identity"}


@contextmanager
def in_words(name: str) -> Any:
    """Failures of the network become sentences about the model."""
    from huggingface_hub import errors

    try:
        yield
    except errors.OfflineModeIsEnabled as error:
        raise failures.unreachable(name) from error
    except http().TimeoutException as error:
        slow = isinstance(error, http().ReadTimeout)
        raise (failures.no_answer(name) if slow else failures.unreachable(name)) from error
    except (http().ProtocolError, http().DecodingError, http().TooManyRedirects) as error:
        # An answer that is no HTTP, was cut off, is not packed as it says, or leads round in circles.
        raise failures.unreadable_answer(name) from error
    except (http().TransportError, http().InvalidURL, OSError) as error:
        raise failures.unreachable(name) from error


@contextmanager
def opened(name: str, url: str, *, seconds: float, **more: str) -> Any:
    """A streamed answer to a GET, with its status checked. Raises AttnlitError for everything but success."""
    with _session().stream(
        "GET", url, headers={**headers(), **more}, timeout=seconds, follow_redirects=True
    ) as response:
        if response.status_code >= 400:
            raise failures.refused(
                name, response.status_code, response.headers, with_token=limits.hub_token()
            )
        yield response


def small(name: str, url: str, most: int = limits.MAX_SETTINGS_BYTES) -> bytes:
    """The body of a short answer, whole and in time. Raises AttnlitError."""
    seconds = limits.hub_seconds()
    end = time.monotonic() + seconds
    body = bytearray()
    with in_words(name), opened(name, url, seconds=seconds) as response:
        for piece in response.iter_bytes():
            body += piece
            if time.monotonic() > end:
                raise failures.no_answer(name)
            if len(body) > most:
                raise failures.unreadable_answer(name)
    return bytes(body)


def fetch_file(
    remote: Remote, target: Path, most: int, arrived: Callable[[int], None], stopped: Callable[[], bool]
) -> None:
    """Fetches a file into `target`, or goes on with its first part that an earlier try has left.

    most: bytes, where the hub does not list the file's size. arrived: told of the bytes on disk as they grow.
    stopped: asked between pieces. Raises AttnlitError where the file cannot be had, is not what was
    announced, or comes too slowly; Stopped when asked to.
    """
    part = target.with_name(target.name + ".part")
    tries = patience.tries
    while tries > 0:
        before = _length(part)
        try:
            if (before and before == remote.size) or _stream(remote, part, before, most, arrived, stopped):
                _check(remote, part)
                part.replace(target)
                return
        except http().TimeoutException:
            raise
        except (http().TransportError, OSError) as error:
            _log.info("the connection broke: %s", type(error).__name__)
        gained = _length(part) - before
        tries = patience.tries if gained > (remote.size or 0) // patience.parts else tries - 1
    raise AttnlitError(
        f"The connection to the hub breaks each time when the file {quoted(remote.name)} of "
        f"{quoted(remote.model)} is fetched. Try again later: what has arrived is kept."
    )


def _length(file: Path) -> int:
    return file.stat().st_size if file.is_file() else 0


def _stream(
    remote: Remote,
    part: Path,
    have: int,
    most: int,
    arrived: Callable[[int], None],
    stopped: Callable[[], bool],
) -> bool:
    """Appends what the hub sends. Returns whether the file is complete."""
    more = {"Range": f"bytes={have}-"} if have else {}
    with opened(remote.model, remote.url, seconds=patience.stall_seconds, **more) as response:
        if have and response.status_code != 206:
            have = 0  # the hub begins anew
        length = response.headers.get("Content-Length", "")
        size = remote.size if remote.size is not None else have + int(length) if length.isdecimal() else None
        window, in_window = time.monotonic(), 0
        with part.open("ab" if have else "wb") as file:
            for piece in response.iter_bytes():
                if stopped():
                    raise Stopped(f"The download of {quoted(remote.model)} was stopped.")
                have, in_window = have + len(piece), in_window + len(piece)
                if have > (most if size is None else min(size, most)):
                    part.unlink()
                    raise _too_much(remote)
                file.write(piece)
                arrived(have)
                if time.monotonic() - window > patience.slow_seconds:
                    if in_window < patience.slow_bytes:
                        raise _too_slow(remote)
                    window, in_window = time.monotonic(), 0
    return size is None or have == size


def _check(remote: Remote, part: Path) -> None:
    """Raises AttnlitError if the file's digest is not the one that the hub lists."""
    if remote.sha256 is None:
        return
    with part.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != remote.sha256:
        part.unlink()
        raise AttnlitError(
            f"The file {quoted(remote.name)} of {quoted(remote.model)} arrived damaged. Fetch it again."
        )


def _too_much(remote: Remote) -> AttnlitError:
    return AttnlitError(
        f"The hub sends more than it announced for the file {quoted(remote.name)} of {quoted(remote.model)}. "
        "Choose another model."
    )


def _too_slow(remote: Remote) -> AttnlitError:
    return AttnlitError(
        f"The hub sends {quoted(remote.model)} too slowly to wait for. Try again later: what has arrived is "
        "kept."
    )
