"""The command `attnlit survey` on many sentences: its rate, its memory over time, and what a kill costs.

    python -m benchmarks.many_texts BOOK [--texts 20000] [--workers 1 2] [--bare] [--kill] [--model mini-gpt2]

BOOK: a text with a paragraph a line, perhaps in .xz; sentences are drawn from all of it. --bare measures the
forward passes of the same sentences alone. --kill ends one worker halfway, and in another run the whole
command, which is then given again; what comes of it has to be the same, byte for byte, as when nothing
happens. Seconds of processors are those of the command and all that it starts. Prints Markdown.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path

from attnlit.analysis.survey.store import EXAMPLES_FILE, SCORES_FILE
from benchmarks.book import draw
from benchmarks.processes import family, processor, resident_megabytes

_EVERY = 0.5  # seconds between two looks at the processes
_WORKER = 150  # megabytes: what holds more has opened a model
_MOMENTS = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 2.0)  # of the texts, between which memory is said
_UNFINISHED = "unfinished"

Meanwhile = Callable[[subprocess.Popen[bytes], float], bool]  # told the share of texts; True: leave


@dataclass(frozen=True)
class Moment:
    """What a command held when so much of the texts was read."""

    share: float
    together: float  # resident megabytes
    largest: float  # of one process


@dataclass(frozen=True)
class Run:
    """One run of the command."""

    seconds: float
    processor: float  # seconds
    moments: list[Moment]


def run(arguments: list[str], out: Path, count: int, meanwhile: Meanwhile | None = None) -> Run:
    """Give the command and watch it until it ends, or until `meanwhile` leaves it."""
    started, moments, used = time.perf_counter(), list[Moment](), dict[int, float]()
    command = [sys.executable, "-m", "attnlit", "survey", *arguments, "--out", str(out)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        members = family(process.pid)
        used |= {pid: processor(pid) for pid in members}
        held = [resident_megabytes(pid) for pid in members]
        share = max(_done(out) / count, moments[-1].share if moments else 0)  # at the end it puts by no more
        moments.append(Moment(share, sum(held), max(held, default=0)))
        if meanwhile is not None and meanwhile(process, share):
            break
        time.sleep(_EVERY)
    process.wait()
    if process.returncode not in (0, -signal.SIGKILL):
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return Run(time.perf_counter() - started, sum(used.values()), moments)


def _done(out: Path) -> int:
    """How many texts a command has put by, as its folder says."""
    from attnlit.analysis.survey.order import PIECE

    try:
        with (out / _UNFINISHED).open("rb") as file:
            return len(json.loads(file.readline())["blocks"]) * PIECE
    except (OSError, ValueError):
        return 0


def kill_a_worker() -> Meanwhile:
    """End one worker, once, when half is read."""
    killed: list[int] = []

    def meanwhile(process: subprocess.Popen[bytes], share: float) -> bool:
        workers = [pid for pid in family(process.pid)[1:] if resident_megabytes(pid) > _WORKER]
        if share >= 0.5 and workers and not killed:
            killed.append(workers[0])
            os.kill(workers[0], signal.SIGKILL)
            print(f"A worker was killed at {share:.0%}.", flush=True)
        return False

    return meanwhile


def kill_it(process: subprocess.Popen[bytes], share: float) -> bool:
    """End the command itself when half is read; its workers have to end by themselves."""
    if share < 0.5:
        return False
    workers = family(process.pid)[1:]
    process.kill()
    process.wait()
    end = time.monotonic() + 30
    while (left := [pid for pid in workers if resident_megabytes(pid)]) and time.monotonic() < end:
        time.sleep(_EVERY)
    print(f"The command was killed at {share:.0%}; {len(left)} of its {len(workers)} processes are left.")
    return True


def measure(arguments: list[str], out: Path, count: int, workers: int) -> None:
    """One undisturbed run: its rate, and what it held."""
    load = os.getloadavg()[0]
    found = run([*arguments, "--workers", str(workers)], out, count)
    print(
        f"\n{workers} worker{'s' if workers > 1 else ''}, load {load:.1f} before: {found.seconds:.0f} s, "
        f"{count / found.seconds:.0f} texts a second; {found.processor:.0f} s of processors, "
        f"{count / found.processor:.0f} texts in each.\n"
    )
    print("| while so much was put by | most MB | largest process |\n|---:|---:|---:|")
    for low, high in pairwise(_MOMENTS):
        some = [moment for moment in found.moments if low <= moment.share < high]
        if some:
            most, largest = (max(getattr(each, name) for each in some) for name in ("together", "largest"))
            print(f"| {low:.0%} to {min(high, 1):.0%} | {most:.0f} | {largest:.0f} |", flush=True)


def measure_bare(model: str, texts: list[str]) -> None:
    """The forward passes alone, as `benchmarks.survey` has them."""
    import attnlit
    from attnlit.models.limits import set_threads
    from benchmarks.survey import bare, batches, spent

    set_threads()
    opened = attnlit.load(model)
    ready = batches(opened, [(text, None) for text in texts])
    bare(opened, ready[:2])
    load = os.getloadavg()[0]
    seconds, used = spent(lambda: bare(opened, ready))
    print(
        f"\nForward passes alone, load {load:.1f} before: {seconds:.0f} s; {used:.0f} s of processors.",
        flush=True,
    )


def same(one: Path, other: Path) -> str:
    """Whether two surveys are the same, byte for byte."""
    files = (SCORES_FILE, EXAMPLES_FILE)
    if all((one / file).read_bytes() == (other / file).read_bytes() for file in files):
        return "the same, byte for byte"
    return "NOT THE SAME"


def disturb(arguments: list[str], work: Path, count: int) -> None:
    """A killed worker and a killed command, beside a run that nothing happens to."""
    measure([*arguments], work / "undisturbed", count, 1)
    two = [*arguments, "--workers", "2"]
    run(two, work / "worker", count, kill_a_worker())
    print(f"What comes of it is {same(work / 'undisturbed', work / 'worker')}.\n", flush=True)
    run(two, work / "command", count, kill_it)
    run(two, work / "command", count)
    print(f"Given again, what comes of it is {same(work / 'undisturbed', work / 'command')}.", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("book", type=Path)
    parser.add_argument("--model", default="mini-gpt2")
    parser.add_argument("--texts", type=int, default=20_000)
    parser.add_argument("--workers", type=int, nargs="*", default=[])
    parser.add_argument("--bare", action="store_true")
    parser.add_argument("--kill", action="store_true")
    parser.add_argument("--keep", type=Path, help="a folder for the survey of the first number of workers")
    asked = parser.parse_args()
    texts = draw(asked.book, asked.texts)
    print(f"{date.today():%d %B %Y}, {os.cpu_count()} × {platform.machine()}, {asked.texts:,} sentences.")
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        file = work / "texts.jsonl"
        file.write_text("\n".join(map(json.dumps, texts)), encoding="utf-8")
        arguments = [asked.model, str(file)]
        for place, workers in enumerate(asked.workers):
            kept = asked.keep if asked.keep and not place else work / f"found-{workers}"
            measure(arguments, kept, asked.texts, workers)
        if asked.bare:
            measure_bare(asked.model, texts)
        if asked.kill:
            disturb(arguments, work, asked.texts)


if __name__ == "__main__":
    main()
