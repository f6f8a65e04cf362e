"""The glossary explains what the lessons and pages name."""

import pytest

from attnlit.lessons import LESSONS
from attnlit.words.glossary import GLOSSARY, explained


@pytest.mark.parametrize("term", ["token", "layer", "head", "query", "key", "softmax", "attention sink"])
def test_the_terms_of_the_tour_are_explained(term: str) -> None:
    assert GLOSSARY[term].endswith(".")


def test_every_meaning_is_a_short_text() -> None:
    assert len(GLOSSARY) >= 30
    assert {term: meaning for term, meaning in GLOSSARY.items() if not 30 <= len(meaning) <= 260} == {}


def test_a_term_that_a_lesson_prints_in_bold_is_explained_or_said_there() -> None:
    for term in ("induction head", "attention sink", "softmax", "query", "key", "previous-token head"):
        assert any(
            f"**{term}**" in step.words + step.reveal for each in LESSONS.values() for step in each.steps
        )
        assert term in GLOSSARY


def test_a_list_of_terms_is_markdown() -> None:
    assert explained("head", "key").startswith("- **Head**: A layer looks")
    assert "\n- **Key**: A list" in explained("head", "key")
    with pytest.raises(KeyError):
        explained("heads")
