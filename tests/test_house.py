"""The house: files and functions that can be read, one room for Streamlit, and signs that are true."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted([*(ROOT / "attnlit").rglob("*.py"), *(ROOT / "pages").glob("*.py")])
SIGNS = ("CONTRIBUTING.md", "README.md")


def lines(file: Path) -> int:
    return len(file.read_text(encoding="utf-8").splitlines())


def functions(file: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def test_files_and_functions_can_be_read_at_a_sitting() -> None:
    assert not {str(file.relative_to(ROOT)): lines(file) for file in FILES if lines(file) > 300}
    assert not {file.stem: lines(file) for file in (ROOT / "pages").glob("*.py") if lines(file) > 80}
    long = {(file.name, name): size for file in FILES for name, size in functions(file) if size > 50}
    assert not long


def test_only_the_app_and_its_pages_import_streamlit() -> None:
    imports = re.compile(r"^\s*(?:import|from) streamlit", re.MULTILINE)
    found = [file.relative_to(ROOT) for file in FILES if imports.search(file.read_text(encoding="utf-8"))]
    assert {file.parts[:2] for file in found if file.parts[0] == "attnlit"} == {("attnlit", "app")}


@pytest.mark.parametrize("sign", SIGNS)
def test_the_places_that_it_names_are_there(sign: str) -> None:
    named = re.findall(
        r"`((?:attnlit|pages|tests|docs|benchmarks|deploy)/[\w/.-]*)`", (ROOT / sign).read_text()
    )
    assert not [name for name in named if not (ROOT / name).exists()]


def test_contributing_names_targets_of_the_makefile() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make (\w+)`", (ROOT / "CONTRIBUTING.md").read_text())) <= targets
