"""Downloaded models on this machine's disk: a folder for each commit, bounded together.

Kept apart from the cache of huggingface_hub, which belongs to its user and is only read: what is dropped here
to make room was put here by attnlit.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from attnlit.errors import AttnlitError
from attnlit.models import limits
from attnlit.wording import quoted

UNFINISHED = ".part"
_AT_WORK_SECONDS = 3600  # an unfinished folder touched since then may belong to another process's download
_SPARE_BYTES = 200_000_000  # of the disk, for everybody else


@dataclass(frozen=True)
class Fetched:
    """A model's folder on this machine."""

    folder: Path
    commit: str


def root() -> Path:
    """Where downloads lie: in the folder of Hugging Face's own tools, which HF_HOME sets."""
    from huggingface_hub import constants

    return Path(constants.HF_HOME) / "attnlit"


def folder_of(name: str, commit: str) -> Path:
    """Where a commit of a model lies once it is complete."""
    return root() / name.replace("/", "--") / commit


def complete(name: str, commit: str) -> Fetched | None:
    """The commit, if it was downloaded here; marked as used just now."""
    folder = folder_of(name, commit)
    if not folder.is_dir():
        return None
    with suppress(OSError):  # on a disk that is only read, nothing is dropped either
        os.utime(folder)
    return Fetched(folder, commit)


def note_revision(name: str, revision: str, commit: str) -> None:
    """Remembers which commit a branch or tag stood for, for the days without a network."""
    note = _note(name, revision)
    note.parent.mkdir(parents=True, exist_ok=True)
    part = note.with_suffix(f".{os.getpid()}")
    part.write_text(commit)
    part.replace(note)


def here(name: str, revision: str = "main") -> Fetched | None:
    """The model as it is on this machine, downloaded by attnlit or by huggingface_hub, or None."""
    from huggingface_hub import errors, try_to_load_from_cache

    note = _note(name, revision)
    commit = note.read_text().strip() if note.is_file() else revision
    if commit and "/" not in commit and folder_of(name, commit).is_dir():
        return Fetched(folder_of(name, commit), commit)
    try:
        config = try_to_load_from_cache(name, "config.json", revision=revision)
    except (errors.HFValidationError, ValueError, OSError):  # no hub id at all
        return None
    return Fetched(Path(config).parent, Path(config).parent.name) if isinstance(config, str) else None


def _note(name: str, revision: str) -> Path:
    return root() / name.replace("/", "--") / "refs" / quote(revision, safe="")


def make_room(name: str, size: int) -> None:
    """Drops the downloads that were unused for longest until `size` more bytes fit.

    Raises AttnlitError if they cannot: the model is larger than all that is allowed, or the disk is full.
    """
    most = limits.disk_megabytes() * 1_000_000
    if size > most:
        raise AttnlitError(
            f"{quoted(name)} takes {size / 1e6:,.0f} MB of disk and this app keeps at most {most / 1e6:,.0f} "
            "MB. Choose a smaller model, or raise ATTNLIT_DISK_MB where you run your own."
        )
    kept = sorted(_downloads(), key=lambda each: each.stat().st_mtime)
    sizes = {each: _size(each) for each in kept}
    taken = sum(sizes.values())
    for each in kept:
        if taken + size <= most:
            break
        if each.name.endswith(UNFINISHED) and time.time() - each.stat().st_mtime < _AT_WORK_SECONDS:
            continue
        shutil.rmtree(each, ignore_errors=True)
        taken -= sizes[each]
    root().mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(root()).free < size + _SPARE_BYTES:
        raise AttnlitError(
            f"The disk of this machine has no room for the {size / 1e6:,.0f} MB of {quoted(name)}. Choose a "
            "smaller model, or make room."
        )


@contextmanager
def to_itself(folder: Path, stopped: Callable[[], bool]) -> Iterator[None]:
    """One process at a time in an unfinished folder; the others wait until it is done, or until `stopped`."""
    from filelock import FileLock, Timeout

    folder.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder.with_suffix(".lock"))
    while True:
        try:
            with lock.acquire(timeout=0.2):
                yield
            return
        except Timeout:
            if stopped():
                raise AttnlitError("The download was stopped.") from None


def _downloads() -> list[Path]:
    return [each for each in root().glob("*/*") if each.is_dir() and each.name != "refs"]


def _size(folder: Path) -> int:
    return sum(each.stat().st_size for each in folder.iterdir() if each.is_file())
