"""Worker processes: what they make together is what one makes alone, also where one is killed."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from attnlit.analysis.survey import controls, finish, survey
from attnlit.analysis.survey.parts import from_bytes
from attnlit.attention import load
from attnlit.scale import in_blocks, parts
from tests import planted
from tests.analysis.survey.every_bit import every_bit
from tests.analysis.survey.planted_texts import TEXTS


@pytest.mark.server  # starts processes of its own
def test_a_worker_that_is_killed_is_replaced_and_nothing_is_lost_or_counted_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["attnlit.analysis.survey.order"], "PIECE", 5)
    folder = str(planted.save_with_roles(tmp_path))
    some = list(in_blocks(TEXTS))
    found = {}
    for block, data in parts(folder, some, workers=1):
        assert block.number not in found
        found[block.number] = data
        if len(found) == 2:
            for worker in multiprocessing.active_children():
                os.kill(worker.pid or 0, signal.SIGKILL)
    assert sorted(found) == [block.number for block in some]
    model = load(folder)
    together = finish([*(from_bytes(data) for data in found.values()), controls(model, TEXTS)])
    assert every_bit(together) == every_bit(survey(model, TEXTS))


@pytest.mark.server
def test_a_worker_ends_when_the_command_is_killed(tmp_path: Path) -> None:
    folder = str(planted.save_with_roles(tmp_path))
    script = """
import multiprocessing, sys, time
from attnlit.scale import Block, parts
text = ("The cat sat on the mat, and the dog sat beside the cat.", None)
blocks = [Block(at, tuple(range(at * 5000 + 1)), (text,) * (at * 5000 + 1)) for at in range(3)]
reading = parts(sys.argv[1], blocks, workers=1)
next(reading)
print(*(each.pid for each in multiprocessing.active_children()), flush=True)
time.sleep(60)
"""
    command = [sys.executable, "-c", script, folder]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        (worker,) = map(int, process.stdout.readline().split())
        process.kill()
    end = time.monotonic() + 30
    while alive(worker) and time.monotonic() < end:
        time.sleep(0.05)
    assert not alive(worker)


def alive(pid: int) -> bool:
    """Whether a process still runs; one that has ended may wait for a parent to ask for its status."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
