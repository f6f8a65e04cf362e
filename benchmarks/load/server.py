"""The app in a process of its own, as it would be deployed, and what it costs: processor and memory."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import family, processor, resident_megabytes, said

ROOT = Path(__file__).parents[2]
STARTS_WITHIN = 150.0  # seconds; replicas draw their first page before they count as started
# What a deployment sets; the rest is .streamlit/config.toml.
SETTINGS = {
    "STREAMLIT_SERVER_HEADLESS": "true",
    "STREAMLIT_SERVER_FILE_WATCHER_TYPE": "none",
    "HF_HUB_OFFLINE": "1",
    "PYTHONDONTWRITEBYTECODE": "",  # an installation compiles once, and not at every start
}


@dataclass(frozen=True)
class Server:
    """A running server: one process, or a proxy with its replicas."""

    url: str
    pid: int
    log: Path

    def processes(self) -> list[int]:
        """The server's process and all that it started."""
        return family(self.pid)

    def replicas(self) -> list[int]:
        """The processes that run the app."""
        return [pid for pid in self.processes() if b"streamlit_app.py" in said(pid, "cmdline")]

    def logged(self, words: str) -> int:
        """How many lines of the log contain these words."""
        return sum(words in line for line in self.log.read_text(errors="replace").splitlines())


@contextmanager
def app(
    replicas: int = 0, *, counted: bool = False, script: Path = ROOT / "streamlit_app.py"
) -> Iterator[Server]:
    """Start the app on a free port: one bare process, or behind the proxy of deploy/ with replicas.

    `counted` runs it so that every forward pass leaves a line in the log (see `counted_app`). script: another
    page of Streamlit's to run in its place.
    """
    port, first = free_port(), free_port()
    with tempfile.TemporaryDirectory() as scratch:
        if replicas:
            places = ["--listen", f"127.0.0.1:{port}", "--first-port", str(first), "--state", scratch]
            command = [sys.executable, "deploy/serve.py", str(replicas), *places]
        else:
            entry = ["-m", "benchmarks.load.counted_app"] if counted else ["-m", "streamlit"]
            address = ["--server.address", "127.0.0.1", "--server.port", str(port)]
            command = [sys.executable, *entry, "run", str(script), *address]
        log = Path(scratch, "server.log")
        with log.open("wb") as out:
            process = subprocess.Popen(
                command, cwd=ROOT, env=os.environ | SETTINGS, stdout=out, stderr=out, start_new_session=True
            )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_until_well(url, process, log)
            yield Server(url, process.pid, log)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _wait_until_well(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"The server did not start:\n{log.read_text(errors='replace')[-2000:]}")


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# ------------------------------------------------------------------------------------------- processes


@dataclass(frozen=True)
class Sample:
    """What a server had used at one moment."""

    at: float  # seconds
    memory: float  # resident MB of all its processes
    largest: float  # of the largest one
    processor: dict[int, float]  # seconds of each process


def sample(server: Server) -> Sample:
    """Ask /proc. Libraries that processes share are counted in each."""
    processes = server.processes()
    memory = [resident_megabytes(pid) for pid in processes]
    return Sample(
        time.perf_counter(), sum(memory), max(memory, default=0), {pid: processor(pid) for pid in processes}
    )


def cores(samples: list[Sample]) -> float:
    """How many cores were busy on average, those of processes that have ended in between included."""
    first, last = samples[0].processor, dict[int, float]()
    for moment in samples:
        last.update(moment.processor)
    seconds = sum(spent - first.get(pid, 0) for pid, spent in last.items())
    return seconds / (samples[-1].at - samples[0].at)


async def watch(server: Server, samples: list[Sample], every: float = 1.0) -> None:
    """Append a sample every second until cancelled."""
    while True:
        samples.append(sample(server))
        await asyncio.sleep(every)
