"""What tests of models share."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def folder(tiny_folder: Callable[[str], Path], tmp_path: Path) -> Path:
    """A copy of a tiny BERT's folder, to spoil."""
    return Path(shutil.copytree(tiny_folder("bert"), tmp_path / "spoilt"))
