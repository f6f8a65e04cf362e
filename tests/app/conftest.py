"""What all tests of pages share."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache

import pytest

from attnlit.app.frame import sidebar
from attnlit.models.catalogue import CATALOGUE
from tests.app import small
from tests.app.opening import opened
from tests.app.quick import (
    compile_pages_once,
    draw_lines_of_buttons_natively,
    look_for_components_once,
    wait_for_no_browser,
)

look_for_components_once()
compile_pages_once()
wait_for_no_browser()
draw_lines_of_buttons_natively()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests of whole pages: `make quick` leaves out all but the one that opens each page."""
    for item in items:
        opens_pages = getattr(item.module, "opened", None) is opened  # type: ignore[attr-defined]
        if opens_pages and not item.name.startswith("test_a_page_opens"):
            item.add_marker("whole")


@pytest.fixture(scope="session")
def small_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """The folder of a small model that reads as a bundled one does: see `tests.app.small`."""
    return cache(lambda like: small.save(tmp_path_factory.mktemp("small"), like))


@pytest.fixture
def small_model(small_folder: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """The same in the list of models: what is not there, `AppTest` cannot leave chosen when it clicks."""

    def listed(like: str) -> str:
        folder = small_folder(like)
        monkeypatch.setattr(sidebar, "CATALOGUE", (*CATALOGUE, replace(CATALOGUE[0], id=folder)))
        return folder

    return listed


@pytest.fixture
def any_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Models of folders may be opened, as on one's own machine."""
    monkeypatch.setenv("ATTNLIT_ANY_MODEL", "1")


@pytest.fixture(autouse=True)
def no_unforeseen_fault(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """The app answers a fault of its own with a message; a test that expects one clears the log."""
    yield
    assert not [
        record.getMessage() + str(record.exc_info)
        for record in caplog.get_records("call")
        if record.name == "attnlit.app" and record.levelno >= logging.ERROR
    ]
