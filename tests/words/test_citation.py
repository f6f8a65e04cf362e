"""What to cite is what CITATION.cff says."""

from __future__ import annotations

import re
from pathlib import Path

import attnlit
from attnlit.words.citation import bibtex

CFF = (Path(__file__).parents[2] / "CITATION.cff").read_text(encoding="utf-8")


def said(field: str) -> list[str]:
    return re.findall(rf"^\s*-?\s*{field}: (.+)$", CFF, re.MULTILINE)


def test_both_entries_are_those_of_the_citation_file() -> None:
    entries = bibtex()
    for field in ("title", "url", "license", "name"):
        assert said(field)
        assert not [value for value in said(field) if value not in entries]
    assert f"version = {{{attnlit.__version__}}}" in entries
    assert entries.count("{") == entries.count("}")
