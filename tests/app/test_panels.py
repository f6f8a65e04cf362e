"""A classifier on a page: its class for the text, and what becomes of it without the chosen head."""

from __future__ import annotations

from pathlib import Path

import pytest

from attnlit.analysis.classify import classify
from attnlit.app import cache
from attnlit.words.classes import classes_in_words
from tests import classifiers
from tests.app.opening import opened, plain, told

TEXT = "The cat sat on the mat."


def test_the_class_is_said_and_how_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTNLIT_ANY_MODEL", "1")
    name = classifiers.save(tmp_path, "BertForSequenceClassification")
    app = opened("head_view", model=name, text=TEXT, layer="1", heads="2")
    assert not app.exception
    model = cache.load_model(name)
    sentence = classes_in_words(classify(model, TEXT), model.problem_type)
    assert plain(sentence) in told(app)
    assert not any("](http" in each.value for each in app.markdown)
    app.toggle(key="switch_off").set_value(True).run()
    assert "without head 1-2" in told(app)
    table = app.dataframe[0].value
    assert set(table["class"]) == set(model.classes)
