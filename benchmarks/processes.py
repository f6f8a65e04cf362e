"""What /proc says of a process and of those that it started (Linux)."""

from __future__ import annotations

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[int]:
    """A process and all that its threads have started, and what those have."""
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []
    children = [int(child) for thread in threads for child in said(pid, f"task/{thread}/children").split()]
    return [pid, *(member for child in children for member in family(child))]


def resident_megabytes(pid: int) -> float:
    """Megabytes in memory; libraries that processes share are counted in each."""
    for line in said(pid, "status").splitlines():
        if line.startswith(b"VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def processor(pid: int) -> float:
    """Seconds of a processor that a process has used."""
    fields = said(pid, "stat").rpartition(b")")[2].split()  # the name before it may hold spaces
    return (int(fields[11]) + int(fields[12])) / _TICKS if fields else 0.0


def said(pid: int, name: str) -> bytes:
    """A file of a process; nothing of one that has just ended."""
    try:
        return Path("/proc", str(pid), name).read_bytes()
    except OSError:
        return b""
