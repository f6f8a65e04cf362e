"""The one way from a chart's specification to a file: cleaned here, drawn in another process.

vl-convert is native code that aborts its process on some characters, so it never runs in ours: one small
worker draws for everybody, bounded in time and memory. If it dies, its one request fails in words, and the
next request starts another. When nobody asks for a while, it is ended, and its memory is free.
"""

from __future__ import annotations

import atexit
import json
import os
import re
import subprocess
import sys
import threading
import time
from functools import cache
from pathlib import Path
from typing import Any

from attnlit.errors import AttnlitError
from attnlit.wording import is_noncharacter, printable

SECONDS = 60.0  # that one file may take
MEGABYTES = 1500.0  # of memory that the worker may hold
IDLE = 120.0  # seconds without a request after which the worker is ended
_LOOK = 0.25  # seconds between two looks at a worker's time and memory
_MAY_STAY = "\t\n\r"
_ORDINARY = re.compile(r"[\x20-\x7e]*")


def rendered(spec: dict[str, Any], kind: str) -> bytes:
    """A Vega-Lite specification, with its data, as a file: "svg", "png" or "pdf".

    Raises `AttnlitError`, in words, where it cannot be drawn.
    """
    return worker.answer({"kind": kind, "spec": cleaned(spec)})


@cache
def javascript() -> bytes:
    """What a page needs to show charts without a network: Vega, Vega-Lite and vega-embed.

    Made once a process: it is always the same, and takes longer than any picture.
    """
    return worker.answer({"kind": "javascript", "spec": {}})


def cleaned(value: Any) -> Any:
    """The same JSON value with every character spelled out (“U+001B”) that could end the native renderer."""
    if isinstance(value, str):
        if _ORDINARY.fullmatch(value):
            return value
        return "".join(printable(each) if _ends_the_renderer(each) else each for each in value)
    if isinstance(value, dict):
        return {cleaned(key): cleaned(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [cleaned(each) for each in value]
    return value


def _ends_the_renderer(character: str) -> bool:
    """Whether XML forbids it or advises against it: controls, halves of surrogate pairs, noncharacters."""
    code = ord(character)
    control = code < 0x20 or 0x7F <= code < 0xA0
    return (control and character not in _MAY_STAY) or 0xD800 <= code < 0xE000 or is_noncharacter(character)


class Worker:
    """The process that draws. One request at a time: saving is rare, and each takes about a second."""

    def __init__(self, *, seconds: float = SECONDS, megabytes: float = MEGABYTES, idle: float = IDLE) -> None:
        self.seconds, self.megabytes, self.idle = seconds, megabytes, idle
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._leaves: threading.Timer | None = None

    @property
    def pid(self) -> int | None:
        """The process that draws, while there is one."""
        return None if self._process is None else self._process.pid

    def answer(self, request: dict[str, Any]) -> bytes:
        """The file that the request asks for. Raises `AttnlitError` where there is none."""
        line = json.dumps(request).encode() + b"\n"
        with self._turn:
            if self._leaves is not None:
                self._leaves.cancel()
            try:
                return self._ask(line)
            finally:
                self._leaves = threading.Timer(self.idle, self.end)
                self._leaves.daemon = True
                self._leaves.start()

    def end(self) -> None:
        """End the process, if there is one; the next request starts another."""
        with self._turn:
            self._kill()

    def forget(self) -> None:
        """In a copy of this process (`os.fork`): what draws answers the process that started it."""
        self._turn = threading.Lock()
        self._process = self._leaves = None

    def _ask(self, line: bytes) -> bytes:
        if self._process is None or self._process.poll() is not None:
            self._kill()
            self._process = _started()
        answers: list[tuple[dict[str, Any], bytes]] = []
        # In a thread of its own, as it waits for the worker, which may never answer.
        exchange = threading.Thread(target=_exchange, args=(self._process, line, answers), daemon=True)
        exchange.start()
        deadline = time.monotonic() + self.seconds
        reason = "what draws it ended at something in this picture"
        while exchange.is_alive():
            exchange.join(_LOOK)
            if time.monotonic() > deadline:
                reason = f"it took more than {self.seconds:.0f} seconds"
                self._process.kill()
            elif _megabytes(self._process.pid) > self.megabytes:
                reason = f"it needed more than {self.megabytes:.0f} MB"
                self._process.kill()
        if not answers:
            self._kill()
            raise AttnlitError(
                f"This picture cannot be saved: {reason}. Try a shorter text, or another kind of file."
            )
        head, file = answers[0]
        if "mistake" in head:
            raise AttnlitError(
                f"This picture cannot be saved as this kind of file; try another. ({head['mistake']})"
            )
        return file

    def _kill(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()  # waits for its end, and closes the pipes


def _started() -> subprocess.Popen[bytes]:
    script = Path(__file__).with_name("renderer.py")
    # -P: the folder of the script holds modules of the package, which must not stand for libraries.
    return subprocess.Popen(
        [sys.executable, "-P", str(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def _exchange(process: subprocess.Popen[bytes], line: bytes, answers: list[tuple[dict, bytes]]) -> None:
    """Send a request and append its answer; nothing is appended where the process ends before it answers."""
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(line)
        process.stdin.flush()
        head = json.loads(process.stdout.readline() or b"{}")
        file = process.stdout.read(head.get("bytes", 0))
    except (OSError, ValueError):  # the pipe broke, or was closed while we waited
        return
    if "mistake" in head or len(file) == head.get("bytes"):
        answers.append((head, file))


def _megabytes(pid: int) -> float:
    """Memory that a process holds; 0 where the system does not tell."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


worker = Worker()
atexit.register(worker.end)
if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=worker.forget)
