"""Which content a model's name stands for now: a folder may be saved again, a hub model gets a commit.

Caches are keyed by identity, never by name, so that new weights never meet old numbers.
"""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache
from pathlib import Path

from attnlit.models import catalogue, disk
from attnlit.models.offer import is_hub_id, split_revision

_OF_A_MODEL = frozenset({".json", ".safetensors", ".txt", ".model", ".spm", ".jinja"})
_DIGITS = 16


def identity_of(name: str) -> str:
    """The identity of what `attnlit.load(name)` would open now; no weights are read, no network asked.

    A bundled model: its name and a digest of its files. A folder: its path and a digest of its files' names,
    sizes and times. A hub model: its id and the commit that is on this machine; the bare id where none is.
    Never raises for a name that means nothing: that is for `load` to say.
    """
    name = name.strip()
    known = catalogue.entry(name)
    if known is not None and known.bundled:
        return of_bundled(name)
    folder = folder_named(name)
    if folder is not None:
        return of_folder(folder)
    id_, revision = split_revision(name)
    found = disk.here(id_, revision or "main") if is_hub_id(id_) else None
    return of_hub(id_ if found else name, found.commit if found else None)


def folder_named(name: str) -> Path | None:
    """The folder of this name, if there is one. Any text may be asked for, however long or odd."""
    path = os.path.expanduser(name)
    return Path(path) if name and os.path.isdir(path) else None


def of_bundled(name: str) -> str:
    """A bundled model's identity. The same on every machine, so that what is recorded can be shipped."""
    folder = catalogue.BUNDLED / name
    return f"{name} {_digest_of_content(name, of_folder(folder))}"


def of_folder(folder: Path) -> str:
    """A folder's identity: it changes when any file of the model is written, also with equal sizes."""
    facts = []
    for file in _files(folder):  # asked in every run of a page, so with one question a file
        stat = file.stat()
        facts.append((file.name, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns))
    return f"{folder.resolve()} {_digest(repr(facts).encode())}"


def of_hub(name: str, commit: str | None) -> str:
    """A hub model's identity."""
    return name if commit is None else f"{name} {commit}"


def of_untrained(identity: str, seed: int) -> str:
    """The identity of a model as it was before its training."""
    return f"{identity} untrained {seed}"


@lru_cache(maxsize=8)
def _digest_of_content(name: str, _unless_it_changed: str) -> str:
    digest = hashlib.blake2b()
    for file in _files(catalogue.BUNDLED / name):
        digest.update(file.name.encode())
        digest.update(Path(file.path).read_bytes())
    return digest.hexdigest()[:_DIGITS]


def _files(folder: Path) -> list[os.DirEntry[str]]:
    """The files of a folder that a model may be read from, by name."""
    try:
        with os.scandir(folder) as entries:
            there = [each for each in entries if os.path.splitext(each.name)[1] in _OF_A_MODEL]
            files = [each for each in there if _is_file(each)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(files, key=lambda each: each.name)


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:  # a link that leads to itself
        return False


def _digest(facts: bytes) -> str:
    return hashlib.blake2b(facts).hexdigest()[:_DIGITS]
