"""A classifier on a page: its class for the text, and what becomes of it without the chosen head."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from attnlit.analysis.classify import classify
from attnlit.app import cache
from attnlit.words.classes import classes_in_words
from tests import classifiers
from tests.app.opening import ROOT, plain, told

pytestmark = pytest.mark.whole

TEXT = "The cat sat on the mat."


def test_the_class_is_said_and_how_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTNLIT_ANY_MODEL", "1")
    name = classifiers.save(tmp_path, "BertForSequenceClassification")
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60)
    app.switch_page("pages/head_view.py")
    for key, value in {"model": name, "text": TEXT, "layer": "1", "heads": "2"}.items():
        app.query_params[key] = value
    app.session_state["switch_off"] = True
    app.run()
    assert not app.exception
    model = cache.load_model(name)
    assert plain(classes_in_words(classify(model, TEXT), model.problem_type)) in told(app)
    assert "without head 1-2" in told(app)
    assert not any("](http" in each.value for each in app.markdown)
    assert set(app.dataframe[0].value["class"]) == set(model.classes)
