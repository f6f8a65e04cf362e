"""Tiny models, each saved once and loaded as users load a folder, shared by every test of the session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from attnlit.attention import load
from attnlit.models.limits import set_threads
from attnlit.models.model import Model
from tests import tiny

set_threads()


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a tiny model of some architecture of `tests.tiny`."""
    folders: dict[str, Path] = {}

    def folder(architecture: str) -> Path:
        if architecture not in folders:
            folders[architecture] = tiny.save(architecture, tmp_path_factory.mktemp("models") / architecture)
        return folders[architecture]

    return folder


@pytest.fixture(scope="session")
def tiny_model(tiny_folder: Callable[[str], Path]) -> Callable[[str], Model]:
    """A tiny model of some architecture of `tests.tiny`, loaded from its folder."""
    models: dict[str, Model] = {}

    def model(architecture: str) -> Model:
        if architecture not in models:
            models[architecture] = load(str(tiny_folder(architecture)))
        return models[architecture]

    return model
