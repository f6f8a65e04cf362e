"""The models that come with attnlit, each opened once: a model is shared, and never written to."""

from __future__ import annotations

from functools import cache

from attnlit.attention import load
from attnlit.models.model import Model


@cache
def bundled(name: str) -> Model:
    """The bundled model of this name."""
    return load(name)
