"""Specifications that travel with the package: a first picture waits neither for Altair nor for its marks.

`python -m attnlit.charts.kept` makes them anew, after a change of a chart. They carry a digest of the sources
that they were made from: where these are others by now, each is built when it is first asked for, which takes
half a second.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from inspect import unwrap
from pathlib import Path
from typing import Any

from attnlit.charts.later import unchecked
from attnlit.charts.theme import DARK, LIGHT, Theme

FILE = Path(__file__).with_name("kept_specs.json.gz")


def find(build: Callable[[Theme], Any], theme: Theme) -> dict[str, Any] | None:
    """The specification that this function builds in a theme, as it was kept; None where it was not."""
    text = texts().get(_name(build, theme)) if theme in (LIGHT, DARK) else None
    spec: dict[str, Any] | None = None if text is None else json.loads(text)
    return spec


@cache
def texts() -> dict[str, str]:
    """The specifications as JSON, by name; none where the sources are others by now."""
    if not FILE.is_file():
        return {}
    said = json.loads(gzip.decompress(FILE.read_bytes()))
    specs: dict[str, str] = said["specs"] if said["sources"] == digest() else {}
    return specs


def digest() -> str:
    """Of the sources of all charts, as they are now."""
    folder = FILE.parent
    said = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        said.update(f"{path.relative_to(folder).as_posix()}\n".encode() + path.read_bytes())
    return said.hexdigest()


def write() -> int:
    """Build every specification of the registry and keep it. Returns how many there are."""
    specs = {
        _name(build, theme): json.dumps(built(build, theme))
        for build in builders()
        for theme in (LIGHT, DARK)
    }
    said = json.dumps({"sources": digest(), "specs": specs})
    FILE.write_bytes(gzip.compress(said.encode(), mtime=0))
    return len(specs)


def builders() -> Iterator[Callable[[Theme], Any]]:
    """What builds the specifications of all charts: for the app, and for where no server answers."""
    from attnlit.charts import SPECS

    for module in map(import_module, SPECS.values()):
        for name in ("theme_spec", "spec_of_many", "spec_by_itself"):
            if hasattr(module, name):
                yield unwrap(getattr(module, name))


def built(build: Callable[[Theme], Any], theme: Theme) -> dict[str, Any]:
    """The specification, built now. Altair's check is left to the tests: it takes long."""
    with unchecked():
        spec: dict[str, Any] = build(theme).to_dict(validate=False)
    return spec


def _name(build: Callable[[Theme], Any], theme: Theme) -> str:
    return f"{build.__module__}.{build.__qualname__} {theme.name}"


if __name__ == "__main__":
    print(f"{write()} specifications, {FILE.stat().st_size / 1024:.0f} kB")
