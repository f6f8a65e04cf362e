"""The tour leads over the real pages, can be left and taken up again, and explains its terms."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from attnlit.app.examples import EXAMPLES
from attnlit.app.frame.cards import BY_SCRIPT
from attnlit.app.tour import STEPS
from attnlit.words.glossary import GLOSSARY
from tests.app.opening import ROOT, opened


def told(app: AppTest) -> str:
    return " ".join(each.value for each in app.markdown)


def test_every_step_leads_to_a_page_that_is_there_and_terms_that_are_explained() -> None:
    assert len(STEPS) <= 8
    for step in STEPS:
        assert step.script in BY_SCRIPT
        assert set(step.terms) <= set(GLOSSARY)
        assert step.params.get("example", "previous") in EXAMPLES
        if "example" in step.params:
            assert EXAMPLES[step.params["example"]].page == step.script


def test_a_step_is_told_on_its_page_and_remembered_at_home_after_it_was_left() -> None:
    app = opened("model_view", tour="3", example="resting")
    assert not app.exception
    assert f"**3 of {len(STEPS)} · All heads at once.**" in told(app)
    next(each for each in app.button if each.label == "Leave the tour").click().run()
    assert "All heads at once" not in told(app)
    assert "tour" not in app.query_params
    app.switch_page("pages/home.py").run()
    assert any("step 3 of" in link.proto.label for link in app.get("page_link"))


def test_a_step_has_one_end_and_its_links_no_tip_that_covers_the_next() -> None:
    app = opened("patterns", tour="5")
    assert "**5 of 8 · What is each head for?** Every head" in told(app)
    links = [link.proto for link in app.get("page_link") if "chevron" in link.proto.icon]
    assert len(links) == 2
    assert not [link.help for link in links if link.help]


@pytest.mark.parametrize("asked", ["0", "9", "²", "-1", "99999999999", "x"])
def test_a_step_that_there_is_not_is_no_step(asked: str) -> None:
    app = opened("glossary", tour=asked)
    assert not app.exception
    assert "Leave the tour" not in [each.label for each in app.button]


def test_a_page_shows_only_its_own_step() -> None:
    assert "All heads at once" not in told(opened("glossary", tour="3"))


def test_the_class_of_a_link_opens_home_and_its_pages_without_links_to_others() -> None:
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60)
    app.query_params["only"] = "head_view"
    app.run()
    assert not app.exception
    assert not app.error
    links = {link.proto.page for link in app.get("page_link")}
    assert links
    assert not [link for link in links if "bias" in link or "model_view" in link]
    app.switch_page("pages/head_view.py").run()
    assert not app.error
