"""Specifications that travel with the package are those that the sources build."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from attnlit.charts import SPECS, kept
from attnlit.charts.picture import frozen
from attnlit.charts.theme import DARK, LIGHT, Theme

Build = Callable[[Theme], Any]


@pytest.fixture
def build() -> Build:
    """What builds the specification of one chart."""
    return next(each for each in kept.builders() if each.__module__ == SPECS["head_points"])


@pytest.fixture
def another_source(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(kept, "digest", lambda: "of sources that somebody has changed")
    kept.texts.cache_clear()
    yield
    kept.texts.cache_clear()


def test_they_are_of_the_sources_as_they_are_now() -> None:
    """If this fails after a change of a chart: `python -m attnlit.charts.kept`."""
    found = {
        build.__module__ for build in kept.builders() if kept.find(build, LIGHT) and kept.find(build, DARK)
    }
    assert found == set(SPECS.values())


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_what_is_kept_is_what_is_built(build: Build, theme: Theme) -> None:
    assert kept.find(build, theme) == json.loads(json.dumps(kept.built(build, theme)))
    assert kept.find(build, LIGHT) != kept.find(build, DARK)
    assert frozen(build)(theme) == kept.find(build, theme)


@pytest.mark.usefixtures("another_source")
def test_of_other_sources_they_are_built_anew(build: Build) -> None:
    assert kept.find(build, LIGHT) is None
    assert frozen(build)(LIGHT)["layer"]


def test_another_theme_is_built(build: Build) -> None:
    assert kept.find(build, replace(LIGHT, background="#123456")) is None
    assert "#123456" in json.dumps(frozen(build)(replace(LIGHT, background="#123456")))
