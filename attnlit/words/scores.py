"""The scores of a head as a table of the documentation (Markdown)."""

from __future__ import annotations

from attnlit.analysis.scores import SCORES, Score
from attnlit.wording import capitalised
from attnlit.words.survey import shown

_HEADER = (
    "| score | column | what it measures | mean over | names a head | from | source of the threshold |\n"
    "|---|---|---|---|---|---|---|\n"
)


def scores_in_markdown() -> str:
    """One row a score: its title, its column, what it measures, and the role that it names."""
    return _HEADER + "\n".join(_row(score) for score in SCORES) + "\n"


def _row(score: Score) -> str:
    role = score.role
    named = ("", "", "") if role is None else (role.name, shown(score.name, role.least), role.source)
    about = capitalised(score.about)
    return "| " + " | ".join((score.title, f"`{score.name}`", about, score.over, *named)) + " |"
