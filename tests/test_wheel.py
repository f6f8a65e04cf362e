"""The wheel: the package with its models and texts, and the pages that Streamlit runs beside it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOP = ("pyproject.toml", "README.md", "LICENSE", "streamlit_app.py", "attnlit", "pages", ".streamlit")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Built from a copy, so that the checkout stays as it is."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in TOP:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, source / name)
    # What pip asks of it, without pip, which takes longer than the building.
    build = f"from setuptools import build_meta; build_meta.build_wheel({str(folder)!r})"
    subprocess.run([sys.executable, "-c", build], cwd=source, check=True, capture_output=True)
    return zipfile.ZipFile(next(folder.glob("attnlit-*.whl")))


@pytest.mark.whole
def test_the_pages_and_all_files_of_the_package_travel_with_it(wheel: zipfile.ZipFile) -> None:
    names = wheel.namelist()
    shared = {name.split("/data/share/attnlit/")[1] for name in names if "/data/share/attnlit/" in name}
    pages = {f"pages/{page.name}" for page in (ROOT / "pages").glob("*.py")}
    assert shared == {"streamlit_app.py", ".streamlit/config.toml", *pages}
    tracked = subprocess.run(
        ["git", "ls-files", "attnlit"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()
    assert not set(tracked) - set(names)


@pytest.mark.whole
def test_streamlit_is_asked_for_by_the_app_only(wheel: zipfile.ZipFile) -> None:
    about = wheel.read(next(name for name in wheel.namelist() if name.endswith("/METADATA"))).decode()
    needs = [line for line in about.splitlines() if line.startswith("Requires-Dist: streamlit")]
    assert needs
    assert all("extra == " in line for line in needs)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["scripts"]["attnlit"] == "attnlit.commands:main"
