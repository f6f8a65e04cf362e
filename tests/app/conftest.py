"""What all tests of pages share."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from tests.app.opening import opened
from tests.app.quick import look_for_components_once

look_for_components_once()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests of whole pages, which `make quick` leaves out."""
    for item in items:
        if getattr(item.module, "opened", None) is opened:  # type: ignore[attr-defined]
            item.add_marker("whole")


@pytest.fixture(autouse=True)
def no_unforeseen_fault(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """The app answers a fault of its own with a message; a test that expects one clears the log."""
    yield
    assert not [
        record.getMessage() + str(record.exc_info)
        for record in caplog.get_records("call")
        if record.name == "attnlit.app" and record.levelno >= logging.ERROR
    ]
