"""The documentation's table of scores is the registry's."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from attnlit.analysis.scores import SCORES
from attnlit.models.model import Model
from attnlit.words.scores import scores_in_markdown

DOCUMENT = Path(__file__).parents[2] / "docs" / "scores.md"


def test_the_documentation_holds_the_table_of_the_registry() -> None:
    table = scores_in_markdown()
    assert table in DOCUMENT.read_text(encoding="utf-8"), "put this table into docs/scores.md:\n" + table


def test_every_score_has_a_row_and_no_cell_breaks_the_table() -> None:
    rows = scores_in_markdown().splitlines()[2:]
    assert len(rows) == len(SCORES)
    assert all(row.count("|") == 8 for row in rows)


@pytest.mark.whole
def test_the_example_of_a_cluster_runs(model: Model) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {"model": model}
    exec(compile(example, DOCUMENT.name, "exec"), names)
    assert names["survey"].texts == 30
    assert names["survey"].values["previous"].shape == (model.layers, model.heads)
