"""One server for all workers of a test run: the first starts it, and ends it when the last is done."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from benchmarks.load.server import app


@contextmanager
def shared_server(folder: Path) -> Iterator[str]:
    """The server's address.

    folder: one that all workers of the run share. The system's locks on its files end with their process, so
    that nobody waits for a worker that was killed.
    """
    address = folder / "server"
    with ExitStack() as stack:
        users = stack.enter_context((folder / "server.users").open("a"))
        with _alone(folder):
            mine = not address.exists()
            if mine:
                address.write_text(stack.enter_context(app()).url)
            fcntl.flock(users, fcntl.LOCK_SH)
        yield address.read_text()
        if mine:
            with _alone(folder):
                address.unlink()  # whoever comes now starts one of their own
            fcntl.flock(users, fcntl.LOCK_EX)  # until nobody uses ours


@contextmanager
def _alone(folder: Path) -> Iterator[IO[str]]:
    with (folder / "server.lock").open("a") as door:
        fcntl.flock(door, fcntl.LOCK_EX)
        yield door
