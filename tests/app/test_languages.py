"""The languages of a model that translates between many: chosen in the sidebar, kept in the address."""

from __future__ import annotations

import pytest

from attnlit.models.model import Model
from tests.app.opening import opened

TEXT, TARGET = "The cat sat on the mat.", "Der Hund schlief."


def test_the_target_begins_with_the_language_that_was_chosen(
    m2m100: Model,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ATTNLIT_ANY_MODEL", "1")
    for code in ("fr", "de"):
        address = {"model": m2m100.source, "text": TEXT, "target": TARGET, "kind": "decoder", "writes": code}
        app = opened("head_view", **address)
        assert not app.exception
        assert not app.warning
        assert (app.selectbox(key="reads").value, app.selectbox(key="writes").value) == ("en", code)
        assert any(f"__{code}__" in each for each in app.selectbox(key="query").options)
    assert not [each for each in opened("head_view", model="mini-bert").selectbox if each.key == "writes"]
