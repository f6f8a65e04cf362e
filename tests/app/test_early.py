"""What a browser is told first: the page's style, and which of Streamlit's own modules it will need."""

from __future__ import annotations

import re

import pytest
from streamlit.testing.v1 import AppTest

from attnlit.app import early


@pytest.fixture(scope="module")
def first() -> str:
    """The first element of a page."""
    (element,) = AppTest.from_function(_page).run().get("html")
    return element.proto.body


def _page() -> None:
    from attnlit.app import early

    early.draw()


@pytest.mark.parametrize("kind", early.KINDS)
def test_streamlit_has_each_of_the_modules(first: str, kind: str) -> None:
    assert re.search(rf'"{kind}\.[\w-]+\.js"', first)


def test_the_style_comes_with_it_and_hides_what_draws_nothing(first: str) -> None:
    assert re.search(
        r"<style>.*stElementContainer:first-child \{\s*display: none;\s*\}.*</style>", first, re.DOTALL
    )


def test_no_rule_of_the_style_is_slow() -> None:
    """Many elements change their classes in every run, and such rules made a browser restyle them all."""
    style = re.sub(
        r"/\*.*?\*/|@media \(max-width.*?^}", "", early.STYLE.read_text(), flags=re.DOTALL | re.MULTILINE
    )
    assert "st-key-title_line" in style  # something is left to look at
    assert ":has(" not in style.replace(
        '@media (hover: none) {\n  [data-testid="stElementContainer"]:has(', ""
    )
    assert not re.search(r'\[class\*="[^"]*"\] ', style)
