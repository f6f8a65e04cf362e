"""What a load run found, as Markdown tables."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence

import numpy as np

from benchmarks.load.right import wrong
from benchmarks.load.server import Sample, Server, cores
from benchmarks.load.students import Deed, Diary

ROW = (
    "actions",
    "per second",
    "chart p50",
    "p95",
    "max",
    "finished p95",
    "errors",
    "wrong",
    "lost",
    "reconnected",
    "fell back",
    "cores",
    "MB at start",
    "most",
    "end",
    "client cores",
)


def compare(diary: Diary) -> None:
    """Judge all that was shown; what is found is remembered for the tables."""
    print(f"Comparing {len(diary.deeds):,} answers with the right ones …", file=sys.stderr)
    wrong(diary.deeds)


def row(diary: Diary, samples: list[Sample], server: Server) -> list[str]:
    deeds = diary.deeds
    charts = [deed.answer.chart for deed in deeds] or [float("nan")]
    finished = [deed.answer.finished for deed in deeds] or [float("nan")]
    elapsed = samples[-1].at - samples[0].at
    errors = sum(len(deed.answer.mistakes) for deed in deeds) + server.logged("Traceback")
    memory = [moment.memory for moment in samples]
    return [
        f"{len(deeds)}",
        f"{len(deeds) / elapsed:.1f}",
        f"{np.percentile(charts, 50):.3f}",
        f"{np.percentile(charts, 95):.3f}",
        f"{max(charts):.3f}",
        f"{np.percentile(finished, 95):.3f}",
        f"{errors}",
        f"{len(wrong(deeds))}",
        f"{len(diary.losses)}",
        f"{diary.reconnections}",
        f"{sum(deed.fell_back for deed in deeds)}",
        f"{cores(samples):.2f}",
        f"{memory[0]:.0f}",
        f"{max(memory):.0f}",
        f"{memory[-1]:.0f}",
        f"{diary.own_processor / elapsed:.2f}",
    ]


def by_kind(deeds: Sequence[Deed]) -> list[list[str]]:
    """One row for each kind of action; changes of layer and head by page, as pages differ."""
    rows = []
    names = [f"{deed.what} · {deed.wished.page or 'home'}" for deed in deeds]
    for name in sorted(set(names)):
        answers = [deed.answer for deed, its in zip(deeds, names, strict=True) if its == name]
        charts = [answer.chart for answer in answers]
        kilobytes = np.median([answer.received for answer in answers]) / 1e3
        middle, late = np.percentile(charts, 50), np.percentile(charts, 95)
        rows.append([name, f"{len(answers)}", f"{middle:.3f}", f"{late:.3f}", f"{kilobytes:.0f}"])
    return rows


def by_minute(deeds: Sequence[Deed], samples: Sequence[Sample]) -> list[list[str]]:
    """What each minute brought, and the memory at its end."""
    rows = []
    for minute in range(max(1, round((samples[-1].at - samples[0].at) / 60))):
        start = samples[0].at + 60 * minute
        memory = [moment.memory for moment in samples if moment.at <= start + 60][-1]
        done = [deed for deed in deeds if start <= deed.at < start + 60]
        charts = [deed.answer.chart for deed in done] or [float("nan")]
        faults = sum(len(deed.answer.mistakes) for deed in done) + len(wrong(done))
        middle, late = np.percentile(charts, 50), np.percentile(charts, 95)
        cells = (f"{memory:.0f}", len(done), f"{middle:.3f}", f"{late:.3f}", faults)
        rows.append([f"minute {minute + 1}", *map(str, cells)])
    return rows


def say_faults(diary: Diary, of_writers: Sequence[str] = ()) -> None:
    """Every different fault once, with how often it was seen."""
    mistakes = Counter(mistake for deed in diary.deeds for mistake in deed.answer.mistakes)
    pictures = Counter(wrong(diary.deeds))
    kinds = {"shown": mistakes, "wrong": pictures, "lost": Counter(diary.losses)}
    for what, faults in (kinds | {"to writers": Counter(of_writers)}).items():
        for fault, times in faults.most_common(10):
            print(f"- {what}, {times} ×: {fault}")


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines) + "\n"
