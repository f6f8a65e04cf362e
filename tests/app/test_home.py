"""The home page: its examples lead to what they show."""

from __future__ import annotations

import pytest

from attnlit.app.examples import EXAMPLES, where
from attnlit.app.home.gallery import small_picture
from attnlit.app.recorded import store
from tests.app.opening import opened


@pytest.mark.parametrize("name", ["induction", "pronoun"])
def test_an_example_opens_at_the_head_and_token_of_its_small_picture(name: str) -> None:
    example = EXAMPLES[name]
    found = store.find(example.model, example.text, example.pair)
    assert found is not None
    layer, head, query = where(example, found)
    assert small_picture(name, "light")[1] == f"{example.model}, layer {layer}, head {head}"
    app = opened(example.page, example=name, words="true")
    assert app.button_group(key="layer").value == layer
    assert app.session_state["head"] == head
    assert app.session_state["query"] == found.queries[query].position
    assert not app.toggle(key="special").value
