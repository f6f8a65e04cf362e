"""attnlit as a library: quick to import, and drawing without streamlit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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


def test_it_draws_without_streamlit() -> None:
    run(WITHOUT_STREAMLIT)


def test_importing_it_loads_nothing_heavy() -> None:
    heavy = ["torch", "transformers", "streamlit", "pandas", "altair", "numpy"]
    run(f"import sys, attnlit; assert not set({heavy}) & set(sys.modules), set({heavy}) & set(sys.modules)")
