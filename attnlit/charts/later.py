"""Altair, imported when the first specification is built: pictures of kept ones do not wait for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import altair as alt
else:

    class _Later:
        def __getattr__(self, name: str) -> Any:
            import altair

            return getattr(altair, name)

    alt = _Later()

__all__ = ["alt", "unchecked"]
_unchecked = threading.RLock()  # whether Altair checks is one switch for the whole process


@contextmanager
def unchecked() -> Iterator[None]:
    """Altair checks no piece of a chart while it is made: half of the time, and ours are checked by tests."""
    from altair.utils import schemapi

    with _unchecked, schemapi.debug_mode(False):
        yield
