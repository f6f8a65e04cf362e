"""The documentation's table of scores is the registry's."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import pytest

from attnlit.analysis.scores import SCORES
from attnlit.models.model import Model

DOCUMENT = Path(__file__).parents[2] / "docs" / "scores.md"
SCRIPT = runpy.run_path(str(DOCUMENT.with_suffix(".py")))


def test_the_documentation_holds_the_table_of_the_registry() -> None:
    """If this fails after a score was added: `python -m docs.scores`."""
    document = DOCUMENT.read_text(encoding="utf-8")
    assert SCRIPT["with_table"](document) == document
    assert SCRIPT["with_table"](document.replace("Previous token", "Another name")) == document


def test_every_score_has_a_row_and_no_cell_breaks_the_table() -> None:
    rows = SCRIPT["table"]().splitlines()[2:]
    assert len(rows) == len(SCORES)
    assert all(row.count("|") == 8 for row in rows)


@pytest.mark.whole
def test_the_example_of_a_cluster_runs(planted_model: Model) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {"model": planted_model}
    exec(compile(example, DOCUMENT.name, "exec"), names)
    assert names["survey"].texts == 30
    assert names["survey"].values["previous"].shape == (planted_model.layers, planted_model.heads)
