"""Visitors who let a model write, one answer after the other, while a class clicks."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field

import numpy as np

from benchmarks.load.answers import Answer
from benchmarks.load.client import Lost, Visitor
from benchmarks.load.students import WORDS

LENGTH = "80"  # tokens at most; thirty answers of 160 would not be whole within a visitor's patience
LETS_IT_WRITE = "Let it write"  # the button below the prompt
ROW = ("writers", "answers", "first word p50", "p95", "whole answer p50", "p95", "mistakes")


@dataclass
class Written:
    """What they waited for, in seconds from each prompt."""

    # Until the first word was there.
    began: list[float] = field(default_factory=list)
    # Until the whole answer and its picture were.
    took: list[float] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)

    def note(self, answer: Answer) -> None:
        """Remember one answer; one that nobody saw being written was not written for this visitor."""
        if answer.first_word is None:
            self.mistakes.append("An answer came of which no word was seen before.")
        else:
            self.began.append(answer.first_word)
        self.took.append(answer.finished)
        self.mistakes += answer.mistakes

    def row(self, writers: int) -> list[str]:
        """One row of a table, whatever has come; see `ROW`."""
        times = [
            f"{np.percentile(seconds, share):.2f}" if seconds else "–"
            for seconds in (self.began, self.took)
            for share in (50, 95)
        ]
        return [str(writers), str(len(self.took)), *times, str(len(self.mistakes))]


async def write(server: str, until: float, seed: int, written: Written) -> None:
    """One visitor until `until`, with prompts that nobody else has."""
    chance = random.Random(seed)
    visitor = Visitor(server)
    try:
        answer = await visitor.open("answer", prompt=_prompt(chance), length=LENGTH, temperature="1.0")
        while True:
            written.note(answer)
            if time.perf_counter() > until:
                return
            answer = await visitor.press(LETS_IT_WRITE, answer_prompt=_prompt(chance))
    except (Lost, KeyError) as why:
        written.mistakes.append(f"{type(why).__name__}: {why}")
    finally:
        await visitor.close()


def _prompt(chance: random.Random) -> str:
    return " ".join(chance.choices(WORDS.split(), k=8)).capitalize()
