"""The table in docs/scores.md, made of the list of scores: `python -m docs.scores` writes it anew."""

from __future__ import annotations

import re
from pathlib import Path

from attnlit.analysis.scores import SCORES, Score
from attnlit.wording import capitalised
from attnlit.words.survey import shown

DOCUMENT = Path(__file__).with_name("scores.md")
_HEADER = (
    "| score | column | what it measures | mean over | names a head | from | source of the threshold |\n"
    "|---|---|---|---|---|---|---|\n"
)


def table() -> str:
    """One row a score: its title, its column, what it measures, and the role that it names."""
    return _HEADER + "\n".join(_row(score) for score in SCORES) + "\n"


def _row(score: Score) -> str:
    role = score.role
    named = ("", "", "") if role is None else (role.name, shown(score.name, role.least), role.source)
    about = capitalised(score.about)
    return "| " + " | ".join((score.title, f"`{score.name}`", about, score.over, *named)) + " |"


def with_table(document: str) -> str:
    """The document with the table as it is now in place of its own."""
    found = re.search(r"^\| score \|.*\n(?:\|.*\n)+", document, re.MULTILINE)
    if found is None:
        raise SystemExit(f"{DOCUMENT.name} has lost its table: put a line “| score |” in its place.")
    return document[: found.start()] + table() + document[found.end() :]


if __name__ == "__main__":
    DOCUMENT.write_text(with_table(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
