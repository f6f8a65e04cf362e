"""Measure the app under load and print Markdown.

python -m benchmarks.load --sessions 1 10 30 100 --seconds 60
python -m benchmarks.load --sessions 30 --lesson views all
python -m benchmarks.load --soak 15 --lesson all
python -m benchmarks.load --together 30
python -m benchmarks.load --replicas 1 2 4 --sessions 30 --thinking 0
python -m benchmarks.load --kill --replicas 2 --sessions 30
python -m benchmarks.load --sessions 10 --writing 30

In the lesson "views" the class looks at the three views of mini-gpt2: what the budgets are for. In "all" it
also opens the home page and its examples, the three pages of questions, where it starts measurements of its
own, and mini-bert.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import signal
import time
from datetime import date

import numpy as np

from attnlit.app.bias.ask import SET
from benchmarks.load import tables
from benchmarks.load.client import Visitor
from benchmarks.load.counted_app import FORWARD
from benchmarks.load.server import Sample, Server, app, sample, watch
from benchmarks.load.students import LESSONS, MEASURE, Diary, Lesson, loaded, study
from benchmarks.load.writing import LENGTH, Written, write
from benchmarks.load.writing import ROW as WRITTEN_ROW

SETTLES = 5  # seconds in which a server that has had its first visitors prepares what others may ask for
FORGOTTEN_AFTER = 120  # seconds until Streamlit drops a session without a tab (server.disconnectedSessionTTL)
# What a class may do together: page, address, and the button that all press.
AT_ONCE: dict[str, tuple[str, dict[str, str], str]] = {
    "open an example": ("head_view", {"example": "induction"}, ""),
    "open the bias page": ("bias", {}, ""),
    "measure its set of sentences": ("bias", {"scope": SET}, MEASURE),
    "open the page of patterns": ("patterns", {}, ""),
    "open the page of neurons": ("neurons", {}, ""),
}


def main() -> None:
    """Read the wishes, run them one after the other, print what was found."""
    ask = argparse.ArgumentParser(
        prog="python -m benchmarks.load", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    ask.add_argument("--sessions", type=int, nargs="+", default=[], help="so many students at once")
    ask.add_argument("--seconds", type=float, default=60, help="how long each number of students stays")
    ask.add_argument("--thinking", type=float, default=5, help="mean seconds between two actions")
    ask.add_argument("--soak", type=float, metavar="MINUTES", help="30 students who come and go")
    ask.add_argument("--lesson", nargs="+", default=["views"], choices=LESSONS, help="what the class does")
    ask.add_argument("--together", type=int, metavar="N", help="N students do one thing at once")
    ask.add_argument("--replicas", type=int, nargs="+", default=[0], help="behind deploy's proxy; 0: none")
    ask.add_argument("--kill", action="store_true", help="kill one replica half-way")
    ask.add_argument(
        "--writing", type=int, default=0, metavar="N", help="N more let a model write all the time"
    )
    wish = ask.parse_args()
    print(f"{date.today()}, {os.cpu_count()} × {_processor_name()}, Python {platform.python_version()}\n")
    if wish.together:
        together(wish.together)
    for lesson in wish.lesson:
        if wish.soak:
            soak(lesson, wish.soak, wish.replicas[0], wish.thinking)
        if wish.sessions:
            load(lesson, wish.replicas, wish.sessions, wish.seconds, wish.thinking, wish.kill, wish.writing)


# ------------------------------------------------------------------------------------------- the measurements


def load(
    lesson: str,
    replicas: list[int],
    sessions: list[int],
    seconds: float,
    thinking: float,
    kill: bool,
    writers: int = 0,
) -> None:
    """A table with p50, p95, errors, processor and memory for each number of students.

    writers: so many visitors besides them let a model write all the time.
    """
    rows, kinds, wrote = [], [], []
    for count in replicas:
        for students in sessions:
            written = Written()
            with app(count) as server:  # a fresh one each time: no row profits from the row before
                asyncio.run(warm(server, LESSONS[lesson]))
                time.sleep(SETTLES)
                diary, samples = asyncio.run(
                    _class(
                        server, LESSONS[lesson], students, seconds, thinking,
                        kill=kill, writers=writers, written=written,
                    )
                )  # fmt: skip
                tables.compare(diary)
                rows.append([count or "bare", students, *tables.row(diary, samples, server)])
                kinds += [[count or "bare", students, *row] for row in tables.by_kind(diary.deeds)]
                wrote.append([count or "bare", students, *written.row(writers)])
                tables.say_faults(diary, written.mistakes)
    print(f"Lesson “{lesson}”, {seconds:.0f} s each; a student thinks {thinking:g} s on average.\n")
    if writers:
        print(
            f"Beside them visitors let the model write answers of up to {LENGTH} tokens, one after another.\n"
        )
        print(tables.table(("replicas", "sessions", *WRITTEN_ROW), wrote))
    print(tables.table(("replicas", "sessions", *tables.ROW), rows))
    print(tables.table(("replicas", "sessions", "action", "count", "chart p50", "p95", "KB"), kinds))


def soak(
    lesson: str, minutes: float, replicas: int, thinking: float, students: int = 30, stay: float = 90.0
) -> None:
    """Sessions come and go for a long time: does memory?"""
    with app(replicas) as server:
        started = sample(server)
        asyncio.run(warm(server, LESSONS[lesson]))
        warmed = sample(server)
        diary, samples = asyncio.run(
            _class(server, LESSONS[lesson], students, 60 * minutes, thinking, stay=stay)
        )
        time.sleep(FORGOTTEN_AFTER + 10)
        left = sample(server)
        tables.compare(diary)
        print(
            f"Soak, lesson “{lesson}”: {minutes:g} minutes, {students} students at a time who stay "
            f"{stay:.0f} s on average, {diary.visitors} in all; each thinks {thinking:g} s between two "
            "actions.\n"
        )
        print(tables.table(tables.ROW, [tables.row(diary, samples, server)]))
        rows = [
            ["started", f"{started.memory:.0f}", *[""] * 4],
            ["first visitor", f"{warmed.memory:.0f}", *[""] * 4],
        ]
        rows += tables.by_minute(diary.deeds, samples)
        rows.append(["all have left and are forgotten", f"{left.memory:.0f}", *[""] * 4])
        print(tables.table(("moment", "MB", "actions", "chart p50", "p95", "errors and wrong"), rows))
        print(tables.table(("action", "count", "chart p50", "p95", "KB"), tables.by_kind(diary.deeds)))
        tables.say_faults(diary)


def together(students: int) -> None:
    """A class does one thing at one moment that the server has not done before: once should serve all."""
    with app(counted=True) as server:
        asyncio.run(warm(server, LESSONS["views"]))
        rows = []
        for what, (page, address, button) in AT_ONCE.items():
            passes = server.logged(FORWARD)
            took, samples = asyncio.run(_at_once(server, students, page, address, button))
            passes = server.logged(FORWARD) - passes
            most = max(moment.memory for moment in samples)
            rows.append([what, passes, f"{np.median(took):.2f}", f"{max(took):.2f}", f"{most:.0f}"])
        print(f"{students} students do the same at one moment, on one server that never did it before.\n")
        print(tables.table(("what", "texts read to be shown", "charts, middle", "latest", "most MB"), rows))


async def _at_once(
    server: Server, students: int, page: str, address: dict[str, str], button: str
) -> tuple[list[float], list[Sample]]:
    samples = list[Sample]()
    visitors = [Visitor(server.url) for _ in range(students)]
    if button:
        await asyncio.gather(*(visitor.open(page, **address) for visitor in visitors))
    watching = asyncio.create_task(watch(server, samples, every=0.2))
    answers = await asyncio.gather(
        *(visitor.press(button) if button else visitor.open(page, **address) for visitor in visitors)
    )
    watching.cancel()
    for visitor, answer in zip(visitors, answers, strict=True):
        if answer.mistakes:
            raise SystemExit(f"The app shows: {answer.mistakes[0]}")
        await visitor.close()
    return [answer.chart for answer in answers], samples


async def warm(server: Server, lesson: Lesson) -> None:
    """Every replica opens the model and draws every page once: a class does not measure the first visitor.

    What takes a while and is remembered, a set of sentences or another model, the class meets by itself.
    """
    for _ in server.replicas():  # the proxy deals visitors out in turn
        visitor = Visitor(server.url)
        for place, page in enumerate(lesson.pages):
            await (visitor.visit(page) if place else visitor.open(page))
        await visitor.close()


async def _class(
    server: Server,
    lesson: Lesson,
    students: int,
    seconds: float,
    thinking: float,
    *,
    stay: float = 0,
    kill: bool = False,
    writers: int = 0,
    written: Written | None = None,
) -> tuple[Diary, list[Sample]]:
    for name in lesson.models:
        loaded(name)  # now, not at a student's first thought
    diary, samples = Diary(), list[Sample]()
    watching = asyncio.create_task(watch(server, samples))
    began = time.perf_counter()
    work = [
        study(
            server.url, lesson, diary, began + seconds, number, thinking, stay, thinking * number / students
        )
        for number in range(students)
    ]
    if written is not None:
        work += [write(server.url, began + seconds, number, written) for number in range(writers)]
    if kill:
        work.append(_kill_one(server, seconds / 2))
    own = time.process_time()
    await asyncio.gather(*work)
    diary.own_processor = time.process_time() - own
    watching.cancel()
    samples.append(sample(server))
    return diary, samples


async def _kill_one(server: Server, after: float) -> None:
    await asyncio.sleep(after)
    os.kill(server.replicas()[0], signal.SIGKILL)


def _processor_name() -> str:
    try:
        with open("/proc/cpuinfo") as lines:
            return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


if __name__ == "__main__":
    main()
