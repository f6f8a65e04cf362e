"""attnlit as a library: quick to import, and drawing without streamlit."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import attnlit

ROOT = Path(__file__).parents[1]

WITHOUT_STREAMLIT = """
import sys

class NoStreamlit:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "streamlit":
            raise ModuleNotFoundError("streamlit is not installed")

sys.meta_path.insert(0, NoStreamlit())
import attnlit
attention = attnlit.attend(attnlit.load("mini-bert"), "The cat sat.", pair="The dog lay.")
for chart in (
    attnlit.head_view(attention, layer=0, heads=[0, 3]),
    attnlit.heatmap(attention, layer=1, head=2),
    attnlit.model_view(attention),
    attnlit.neuron_view(attention, layer=4, head=3, query=2),
):
    assert "$schema" in chart.to_dict()
assert len(attnlit.head_roles(attention)) == attention.layers * attention.heads
assert "streamlit" not in sys.modules
"""


def run(code: str) -> None:
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.whole
def test_it_draws_without_streamlit() -> None:
    run(WITHOUT_STREAMLIT)


def test_importing_it_loads_nothing_heavy() -> None:
    heavy = ["torch", "transformers", "streamlit", "pandas", "altair", "numpy"]
    run(f"import sys, attnlit; assert not set({heavy}) & set(sys.modules), set({heavy}) & set(sys.modules)")


def test_every_public_name_can_be_used_and_type_checkers_know_the_same_ones() -> None:
    tree = ast.parse((ROOT / "attnlit" / "__init__.py").read_text())
    imported = {
        f"{node.module}.{alias.asname}"
        for block in tree.body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    names = [name for name in attnlit.__all__ if name != "__version__"]
    assert len(names) == len(imported)
    for name in names:
        home = next(each.rpartition(".")[0] for each in imported if each.endswith(f".{name}"))
        assert getattr(attnlit, name) is getattr(sys.modules[home], name), name
    assert attnlit.__all__ == sorted(set(attnlit.__all__)) == dir(attnlit)
    assert {"Attention", "AttnlitError", "attend", "head_view", "intervene", "load", "survey"} <= set(names)


def test_what_is_not_public_is_not_there() -> None:
    with pytest.raises(AttributeError, match="no attribute 'heads'"):
        attnlit.heads  # noqa: B018


def test_the_version_stands_in_one_place() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert attnlit.__version__ == project["version"]
    installed_nowhere = """
from importlib import metadata
def missing(name): raise metadata.PackageNotFoundError(name)
metadata.version = missing
import attnlit
print(attnlit.__version__)
"""
    done = subprocess.run(
        [sys.executable, "-c", installed_nowhere], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == project["version"]


def test_it_tells_type_checkers_that_it_is_typed() -> None:
    assert (ROOT / "attnlit" / "py.typed").is_file()
    assert '"attnlit" = ["py.typed"]' in (ROOT / "pyproject.toml").read_text()
