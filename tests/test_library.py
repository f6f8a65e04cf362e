"""attnlit as a library: quick to import, and drawing without streamlit."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

import attnlit
from attnlit.analysis.survey.bundled import bundled as bundled_survey
from attnlit.attention.record import layer_or_first
from tests import many
from tests.bundled import bundled

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


@pytest.fixture(scope="module")
def returned() -> list[Any]:
    """One of each that a public function returns, but tables and charts, of a text with markup in it."""
    model, text, other = bundled("mini-gpt2"), "The <b> cat sat on the", "The <b> dog sat on the"
    record = attnlit.attend(model, text)
    kept = bundled_survey(model)
    assert kept is not None
    return [
        model,
        record,
        record.vectors(0, 1),
        record.inputs[0],
        attnlit.answer(model, text, max_tokens=2),
        attnlit.switch_off(model, text, [(0, 1), (1, 0)]),
        attnlit.ablation_set(model, text, "bed", most=1),
        attnlit.bias_effects(model, (text, other, "mat", "bed")),
        attnlit.patch(model, text, other, [(0, 1)], words=("mat", "bed")),
        attnlit.compare(record, attnlit.attend(model, other)),
        kept.survey,
        attnlit.find_heads(record, 3, 1, kept.survey),
        attnlit.rollout(record),
        attnlit.flow(record, 3),
        attnlit.writes(model, text),
    ]


def test_what_is_returned_shows_itself_in_a_line(returned: list[Any]) -> None:
    """In a notebook with its table below, where it has one; never with all its numbers."""
    for each in returned:
        said, page = repr(each), each._repr_html_()
        assert said.startswith(f"<{type(each).__name__}: "), said
        assert len(said) < 250, said
        assert "\n" not in said
        assert "array(" not in said
        assert page.startswith(f"<p><b>{type(each).__name__}</b>: ")
        assert page.count("<b>") == 1
    assert "6 layers × 8 heads of 32 dimensions" in repr(returned[0])
    effect = next(each for each in returned if type(each).__name__ == "Effect")
    assert "0-1, 1-0 off" in repr(effect)
    assert effect.table["token"][0] in effect._repr_html_()


def test_views_begin_with_the_first_layer_that_has_attention() -> None:
    record = attnlit.attend(many.model("qwen3.5"), "The cat sat on the rug")
    assert layer_or_first(record, None) == record.layer_numbers[0] > 0
    for view in (attnlit.head_view, attnlit.heatmap, attnlit.neuron_view):
        assert view(record).to_dict()
        with pytest.raises(attnlit.AttnlitError, match="no attention in layer 0"):
            view(record, 0)
