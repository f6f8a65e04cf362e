"""The documentation and the code say the same: every page has one, and its examples run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import attnlit
from tests.bundled import bundled

ROOT = Path(__file__).parents[1]
DOCS = {file.stem: file.read_text(encoding="utf-8") for file in sorted((ROOT / "docs").glob("*.md"))}
EXAMPLES = [
    pytest.param(example, id=f"{name}-{number}")
    for name, text in DOCS.items()
    for number, example in enumerate(re.findall(r"```python\n(.*?)```", text, re.DOTALL))
]
NOT_MEASURING = {"index", "bertviz", "scores", "architectures", "identities", "notebook", "teaching"}
WITHOUT = {"home", "lessons", "glossary"}  # pages that explain themselves


def test_every_page_of_the_app_is_documented_and_listed() -> None:
    pages = {file.stem for file in (ROOT / "pages").glob("*.py")} - WITHOUT
    assert pages <= set(DOCS)
    listed = set(re.findall(r"^(\w+)$", DOCS["index"], re.MULTILINE))
    assert listed >= set(DOCS) - {"index"}


@pytest.fixture(scope="module")
def given() -> dict[str, object]:
    """What an example may take for granted."""
    model = bundled("mini-gpt2")
    attention = attnlit.attend(model, "The cat sat on the mat and slept")
    return {"attnlit": attnlit, "model": model, "attention": attention}


@pytest.mark.whole
@pytest.mark.parametrize("example", EXAMPLES)
def test_its_examples_run(example: str, given: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attnlit, "load", bundled)  # most open the same model first: here once for all
    exec(compile(example, "docs", "exec"), dict(given))


def test_every_page_names_its_source_and_its_limits() -> None:
    measuring = set(DOCS) - NOT_MEASURING
    assert not [
        name for name in measuring if "arxiv.org" not in DOCS[name] and "Vig (2019)" not in DOCS[name]
    ]
    limits = re.compile(r"\*\*Limits\.\*\*|## What it does not say")
    assert not [name for name in measuring if not limits.search(DOCS[name])]
