"""Tiny models, each saved once and loaded as users load a folder, shared by every test of the session.

Fixtures import what they need: the process that hands tests to workers reads this file, too, and has no use
for torch, which takes seconds to import.
"""

from __future__ import annotations

import copy
import gc
import os
import sys
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

if TYPE_CHECKING:
    from attnlit.analysis.survey import Survey
    from attnlit.models.model import Model

# Architectures that `make quick` tries. The others make the whole body of models, which `make test` tries.
FEW = {"bert", "gpt2", "llama", "t5"}

# Their tests take as long as a hundred others: begun last, one of them would be waited for.
LONGEST = {"test_kernels", "test_library"}
MAIN = sys.modules["__main__"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the other architectures, which `make quick` leaves out, and deals the tests to the workers.

    The first begins with what takes longest, the others with their share of what needs a browser. So one less
    is started, while one waits another has something to do, and what is left for the end takes a moment.
    """
    for item in items:
        tried = item.callspec.params.get("architecture") if hasattr(item, "callspec") else None
        if isinstance(tried, str) and tried not in FEW:
            item.add_marker("whole")
    kinds: dict[str, list[pytest.Item]] = {"longest": [], "browser": [], "rest": []}
    for item in items:
        kinds[kind(item)].append(item)
    longest, browser, rest = kinds.values()
    dealt: list[pytest.Item] = []
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    for left in range(workers, 0, -1):
        share = 0 if left == workers > 1 else len(browser) // left
        begun = [*longest, *browser[:share]]
        more = max(0, (len(longest) + len(browser) + len(rest)) // left - len(begun))
        dealt += [*begun, *rest[:more]]
        longest, browser, rest = [], browser[share:], rest[more:]
    items[:] = dealt


def kind(item: pytest.Item) -> Literal["longest", "browser", "rest"]:
    if item.path.stem not in LONGEST and item.get_closest_marker("server") is None:
        return "rest"
    return "browser" if item.path.parent.name == "browser" else "longest"


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported stays: the garbage collector looks at none of it, and less often at the rest."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(10_000, 20, 20)
        gc.enable()


@pytest.fixture(autouse=True)
def main_stays() -> Iterator[None]:
    """Streamlit calls a page that it runs `__main__`, and worker processes of later tests would run that."""
    yield
    sys.modules["__main__"] = MAIN


@pytest.fixture(scope="session", autouse=True)
def threads() -> None:
    """As many as the app takes, unless whoever runs the tests has chosen."""
    from attnlit.models.limits import set_threads

    if "OMP_NUM_THREADS" not in os.environ:
        set_threads()


@pytest.fixture(scope="session", autouse=True)
def few_words() -> Iterator[None]:
    """A random model writes until it is stopped, with a forward pass a word: it is stopped sooner here."""
    from attnlit.attention import generate

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generate, "TARGET_TOKENS", 12)
        yield


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a tiny model of some architecture of `tests.tiny`."""
    from tests import tiny

    folder = tmp_path_factory.mktemp("models")
    return cache(lambda architecture: tiny.save(architecture, folder / architecture))


@pytest.fixture(scope="session")
def tiny_model(tiny_folder: Callable[[str], Path]) -> Callable[[str], Model]:
    """A tiny model of some architecture of `tests.tiny`, loaded from its folder."""
    from attnlit.attention import load

    return cache(lambda architecture: load(str(tiny_folder(architecture))))


@pytest.fixture(scope="session")
def tiny_double(tiny_model: Callable[[str], Model]) -> Callable[[str], Model]:
    """The same model in float64, for texts in a batch against one alone: see `tests.tolerances`."""

    @cache
    def double(architecture: str) -> Model:
        model = tiny_model(architecture)
        module = copy.deepcopy(model.module).double()
        module.set_experts_implementation("eager")  # the usual one multiplies no float64
        return replace(model, module=module)

    return double


@pytest.fixture(scope="session")
def m2m100(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A tiny model that must be told its languages."""
    from attnlit.attention import load
    from tests import translator

    return load(str(translator.save(tmp_path_factory.mktemp("m2m100"))))


@pytest.fixture(scope="session")
def planted_model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Heads that are exactly what their roles say: see `tests.planted`."""
    from attnlit.attention import load
    from tests import planted

    return load(str(planted.save_with_roles(tmp_path_factory.mktemp("planted"))))


@pytest.fixture(scope="session")
def planted_survey(planted_model: Model) -> Survey:
    """What a survey says of that model."""
    from attnlit.analysis.survey import survey
    from tests.analysis.survey.planted_texts import TEXTS

    return survey(planted_model, TEXTS)
