"""Seconds from `streamlit run` to the first chart, and what is imported on the way.

    python -m benchmarks.start [--runs 5]

The first chart is the home page's living picture of the bundled model: its data have arrived over Streamlit's
websocket. Three disks: warm; cold (the system is told to forget the files of all packages; a library that
another process uses stays in memory); and a first start without compiled bytecode, as after an installation
that compiles nothing. Prints Markdown.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import re
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
import urllib.error
import urllib.request
from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from benchmarks.load.client import Visitor
from benchmarks.load.server import ROOT, SETTINGS, free_port
from benchmarks.processes import processor

GOAL = 5.0  # seconds to the first chart with a warm disk: the budget of the design
PACKAGES = Path(sysconfig.get_path("purelib"))
LIBRARIES = (PACKAGES, Path(sysconfig.get_path("stdlib")), ROOT)
IMPORTED = re.compile(r"import time:\s+(\d+) \|\s+\d+ \| \s*(\S+)")
# Makes the home page in a process that has imported all it needs, and prints the files whose functions ran.
WHAT_RUNS = """
import sys, threading
from streamlit.testing.v1 import AppTest
from attnlit.app import start
start.prepare_process()
ran = set()
def note(frame, event, _):
    if event == "call":
        ran.add(frame.f_code.co_filename)
threading.setprofile(note)
app = AppTest.from_file("streamlit_app.py", default_timeout=120).run()
threading.setprofile(None)
assert not app.exception, app.exception
print(*ran, sep="\\n")
"""


@dataclass(frozen=True)
class Start:
    """One start, in seconds."""

    answers: float  # until the server answers its first request
    chart: float  # until the first chart's data have arrived at the visitor
    processor: float  # processor time of the server until then
    log: str  # what the server wrote


def measure(**settings: str) -> Start:
    """Start the app, visit it at once, stop it."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", f"--server.port={port}"]
    with tempfile.TemporaryFile("w+") as log:
        began = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | SETTINGS | settings, stdout=log, stderr=log
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for(url, process)
            answers = time.perf_counter() - began
            asyncio.run(_visit(url))
            chart = time.perf_counter() - began
            used = processor(process.pid)
        finally:
            process.terminate()
            process.wait()
        log.seek(0)
        return Start(answers, chart, used, log.read())


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=5).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.01)
    raise RuntimeError("the server ended before it answered")


async def _visit(url: str) -> None:
    visitor = Visitor(url)
    answer = await visitor.open()
    await visitor.close()
    if answer.mistakes or not answer.charts:
        raise RuntimeError(f"the home page shows no chart: {answer.mistakes}")


def forget_files() -> None:
    """Tell the system to drop the packages' files from memory, as after a boot."""
    for folder in LIBRARIES:
        for path in folder.rglob("*"):
            if path.is_file() and not path.is_symlink():
                file = os.open(path, os.O_RDONLY)
                os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
                os.close(file)


# ------------------------------------------------------------------------------------------- what is imported


def imports(log: str) -> dict[str, int]:
    """Microseconds of its own that each module's import took, from what PYTHONPROFILEIMPORTTIME prints."""
    return {match[2]: int(match[1]) for match in IMPORTED.finditer(log)}


def source_of(module: str) -> Path | None:
    """The Python file of a module; None for one that is compiled."""
    place = module.replace(".", "/")
    for folder in LIBRARIES:
        for file in (folder / f"{place}.py", folder / place / "__init__.py"):
            if file.is_file():
                return file
    return None


def table_of_imports(modules: dict[str, int]) -> list[str]:
    """Per package: modules, source, and how much of it is of modules in which no function ran."""
    done = subprocess.run(
        [sys.executable, "-c", WHAT_RUNS], cwd=ROOT, text=True, check=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    ran = set(done.stdout.splitlines())
    count, size, idle, took = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for module, microseconds in modules.items():
        package = module.split(".")[0]
        for name in (package, "all"):
            count[name] += 1
            took[name] += microseconds
            if source := source_of(module):
                size[name] += source.stat().st_size
                idle[name] += source.stat().st_size * (str(source) not in ran)
    rows = [
        f"| {name} | {count[name]:,} | {size[name] / 2**20:.1f} | {idle[name] / 2**20:.1f} "
        f"| {took[name] / 1e6:.2f} |"
        for name, _ in took.most_common(9)
    ]
    return [
        "| package | modules | source, MB | of it in modules of which no function ran, MB | import, s |",
        "|---|---|---|---|---|",
        *rows,
    ]


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--runs", type=int, default=5)
    runs = arguments.parse_args().runs
    measure()  # warms the disk
    warm = [measure() for _ in range(runs)]
    rows = [("warm disk", warm)]
    if hasattr(os, "posix_fadvise"):
        cold = []
        for _ in range(runs):
            forget_files()
            cold.append(measure())
        rows.append(("cold disk", cold))
    with tempfile.TemporaryDirectory() as empty:
        rows.append(("no bytecode", [measure(PYTHONPYCACHEPREFIX=empty, PYTHONDONTWRITEBYTECODE="1")]))
    print(f"# From `streamlit run` to the first chart\n\n{date.today()}, {platform.machine()}, ", end="")
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}. ")
    print(f"Medians of {runs} (no bytecode: 1). Goal: {GOAL:.0f} s with a warm disk.\n")
    print("| | server answers, s | first chart, s | processor time until then, s |\n|---|---|---|---|")
    for name, starts in rows:
        columns = zip(*((each.answers, each.chart, each.processor) for each in starts), strict=True)
        middle = map(statistics.median, columns)
        print(f"| {name} |", " | ".join(f"{value:.1f}" for value in middle), "|")
    print("\nImported until then (the times are longer than without the measurement):\n")
    print(*table_of_imports(imports(measure(PYTHONPROFILEIMPORTTIME="1").log)), sep="\n")


if __name__ == "__main__":
    main()
