"""README and the code say the same."""

from __future__ import annotations

import re
import runpy
import tomllib
from pathlib import Path

import pytest

import attnlit

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


@pytest.mark.whole
def test_the_python_example_runs() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names: dict[str, object] = {}
    exec(compile(example, "README.md", "exec"), names)
    assert names["attention"].weights.ndim == 4  # type: ignore[attr-defined]


def test_every_public_name_is_shown_or_raised() -> None:
    code = "".join(path.read_text() for path in (ROOT / "attnlit").rglob("*.py"))
    for name in attnlit.__all__:
        assert f"attnlit.{name}" in README or f"raise {name}" in code, name


def test_every_setting_is_documented_and_every_documented_setting_is_read() -> None:
    code = "".join(path.read_text() for path in (ROOT / "attnlit").rglob("*.py"))
    read = set(re.findall(r'"(ATTNLIT_[A-Z_]+)"', code))
    assert set(re.findall(r"`(ATTNLIT_[A-Z_]+)`", README)) == read


def test_the_files_that_it_names_are_there() -> None:
    named = re.findall(r"!?\[[^\]]*\]\(([^)#:]+)\)", README) + re.findall(r"`(attnlit/[^`]+\.md)`", README)
    assert named
    # On GitHub “../../actions” stands beside the files: the badge.
    assert not [
        name for name in named if not name.startswith("../../actions/") and not (ROOT / name).exists()
    ]


def test_its_pictures_are_those_that_their_script_draws_in_both_themes() -> None:
    shown = re.findall(r'(?:src|srcset)="([^"]+)"', README)
    drawn = runpy.run_path(str(ROOT / "docs/pictures.py"))["SHOWN"]
    themes = ("dark", "light")
    assert shown == [f"docs/pictures/{each.name}_{theme}.svg" for each in drawn for theme in themes]
    for each in drawn:
        for theme in themes:
            picture = (ROOT / f"docs/pictures/{each.name}_{theme}.svg").read_text(encoding="utf-8")
            assert each.title in picture
            assert len(picture) < 250_000  # GitHub shows them at once


def test_its_speeds_are_those_that_were_measured_last() -> None:
    results = (ROOT / "benchmarks/results.md").read_text()
    measured: dict[str, list[list[str]]] = {}  # of each view, all three rows in a sequence as README has them
    for view, table in re.findall(r"^### (\w+) view\n(.*?)(?=^#)", results, re.DOTALL | re.MULTILINE):
        rows = re.sub(r"\*\*| \(\d\)", "", table).splitlines()
        cells = [[cell.strip() for cell in row.split("|")[3:7]] for row in rows if row.startswith("|")]
        measured[view.lower()] = [
            [f"{ours} / {theirs} ({ratio})" for ours, theirs, ratio in zip(*three, strict=True)]
            for three in zip(cells, cells[1:], cells[2:], strict=False)
        ]
    shown = re.findall(r"^\|[^|]*(head|model|neuron) view[^|]*\|(.*×.*)\|$", README, re.MULTILINE)
    assert len(shown) == 10
    for view, row in shown:
        assert [cell.strip() for cell in row.split("|")] in measured[view]


def test_its_two_commands_are_targets_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert list(re.findall(r"```\n(make .*)\n```", README)) == ["make run", "make test"]
    assert re.search(r"^run:", makefile, re.MULTILINE)
    assert re.search(r"^test:", makefile, re.MULTILINE)


def test_make_run_lets_only_this_machine_name_folders() -> None:
    """Visitors may name any folder there, so nobody else may be one."""
    run = re.search(r"^run:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert run is not None
    assert "ATTNLIT_ANY_MODEL=1" in run[1]
    assert "--server.address localhost" in run[1]


def test_the_two_lists_of_dependencies_are_the_same() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    app = project["optional-dependencies"]["app"]
    assert (ROOT / "requirements.txt").read_text().split() == [
        each.replace(" ", "") for each in [*app, *project["dependencies"]]
    ]
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    assert groups["app"] == app  # what `uv sync` installs
    assert "index-url" not in (ROOT / "requirements.txt").read_text()
