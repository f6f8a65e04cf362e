"""Visitors who let a model write, one answer after the other, while a class clicks."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field

from benchmarks.load.client import Lost, Visitor
from benchmarks.load.students import WORDS

LENGTH = "160"  # tokens: the longest answer that the page offers
LETS_IT_WRITE = "Let it write"  # the button below the prompt


@dataclass
class Written:
    """What they waited for."""

    # Seconds from each prompt to the whole answer with its picture.
    took: list[float] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)


async def write(server: str, until: float, seed: int, written: Written) -> None:
    """One visitor until `until`, with prompts that nobody else has."""
    chance = random.Random(seed)
    visitor = Visitor(server)
    try:
        answer = await visitor.open("answer", prompt=_prompt(chance), length=LENGTH, temperature="1.0")
        while True:
            written.took.append(answer.finished)
            written.mistakes += answer.mistakes
            if time.perf_counter() > until:
                return
            answer = await visitor.press(LETS_IT_WRITE, answer_prompt=_prompt(chance))
    except (Lost, KeyError) as why:
        written.mistakes.append(f"{type(why).__name__}: {why}")
    finally:
        await visitor.close()


def _prompt(chance: random.Random) -> str:
    return " ".join(chance.choices(WORDS.split(), k=8)).capitalize()
