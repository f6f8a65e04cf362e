"""Folders, as they are named on the command line."""

from __future__ import annotations

from argparse import ArgumentTypeError
from pathlib import Path


def folder_named(given: str) -> Path:
    """The folder of this name. An empty one names none: pathlib would take it for the folder we are in."""
    if not given.strip():
        raise ArgumentTypeError("name a folder")
    return Path(given)
