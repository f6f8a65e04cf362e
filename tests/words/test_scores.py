"""The documentation's table of scores is the registry's."""

from __future__ import annotations

from pathlib import Path

from attnlit.analysis.scores import SCORES
from attnlit.words.scores import scores_in_markdown

DOCUMENT = Path(__file__).parents[2] / "docs" / "scores.md"


def test_the_documentation_holds_the_table_of_the_registry() -> None:
    table = scores_in_markdown()
    assert table in DOCUMENT.read_text(encoding="utf-8"), "put this table into docs/scores.md:\n" + table


def test_every_score_has_a_row_and_no_cell_breaks_the_table() -> None:
    rows = scores_in_markdown().splitlines()[2:]
    assert len(rows) == len(SCORES)
    assert all(row.count("|") == 8 for row in rows)
