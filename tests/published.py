"""Models of the hub whose published numbers a test compares; it is left out where the hub is out of reach."""

from __future__ import annotations

from functools import cache

import pytest

from attnlit.attention import load
from attnlit.models.failures import Unreachable
from attnlit.models.model import Model


@cache
def from_hub(name: str) -> Model:
    """The model of this name. Whatever else goes wrong than the line to the hub fails the test."""
    try:
        return load(name)
    except Unreachable as why:
        pytest.skip(str(why))
