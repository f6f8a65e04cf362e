"""The model with two planted routes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from attnlit.attention import load
from attnlit.models.model import Model
from tests import planted
from tests.analysis.bias.planted_routes import (
    routes,
    votes,
)

GetModel = Callable[[str], Model]
GetFolder = Callable[[str], Path]


@pytest.fixture(scope="package")
def two_routes(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Heads 0-1 and 0-3 carry the noun to the pronoun; the pronoun itself votes too."""
    module = planted.blank()
    for head, number, nurse, doctor in ((1, 0, 0.25, 0.125), (3, 1, 0.125, 0.0625)):
        routes(module, head, planted.slot(number))
        votes(module, planted.slot(number), "nurse", "tired", nurse)
        votes(module, planted.slot(number), "doctor", "late", doctor)
    votes(module, planted.TOKENS, "she", "tired", 0.0625)
    votes(module, planted.TOKENS, "he", "late", 0.03125)
    return load(str(planted.save(module, tmp_path_factory.mktemp("two_routes"))))
