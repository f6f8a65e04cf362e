"""Whatever stands in an address, behind any name that a page reads: it opens, and nothing becomes markup."""

from __future__ import annotations

import re

import pytest
from streamlit.testing.v1 import AppTest

from attnlit.app.frame.cards import PAGES, PageCard
from tests.app.opening import opened

NONSENSE = {
    "empty": "",
    "markup": "![](http://a.example/x.png) [Log in](http://a.example) <b>",
    "long": "x" * 5_000,
    "control": "2\x00\x1b[2J\u202e",
    "none": "None",
    "number": "-1.5e9",
    "list": "[2]",
    "unicode": "第2層 🙂",
}
CARDS = [card for card in PAGES if card.all_keys]
NAMES = [card.script for card in CARDS]
ONES_OWN = {
    "text",
    "pair",
    "target",
    "first",
    "second",
    "expected",
    "other",
    "watched",
    "prompt",
    "system",
    "until",
}
ONES_OWN |= {"asked", "against"}


def shown(app: AppTest) -> list[str]:
    """All that is shown as Markdown."""
    kinds = (app.markdown, app.caption, app.warning, app.info, app.error, app.title, app.subheader)
    return [each.value for kind in kinds for each in kind]


@pytest.mark.parametrize("nonsense", NONSENSE)
@pytest.mark.parametrize("card", CARDS, ids=NAMES)
def test_nonsense_behind_any_name(card: PageCard, nonsense: str) -> None:
    every = card.all_keys - ONES_OWN
    # The sidebar is the same everywhere. One by one, because what is wrong with one may hide another.
    alone = card.all_keys if card.script == "head_view" else card.keys if nonsense == "markup" else set()
    for keys in (every, *({key} for key in sorted(alone))):
        app = opened(card.script, **dict.fromkeys(keys, NONSENSE[nonsense]))
        assert not app.exception, keys
        assert not app.error, keys
        assert app.get("vega_lite_chart") or keys <= ONES_OWN or "model" not in card.controls, keys
        assert not any(re.search(r"(?<!\\)\]\(http", text) for text in shown(app)), keys
        for group in app.button_group:
            assert group.value is not None, (keys, group.key)


@pytest.mark.parametrize(
    "card", [card for card in CARDS if "model" in card.controls], ids=lambda card: card.script
)
def test_a_card_names_all_that_its_page_binds(card: PageCard) -> None:
    """The widgets of the page, with a pair of sentences whose words are in pieces, so that all are drawn."""
    texts = {"text": "Unbelievable violinists sang.", "pair": "The audience left.", "special": "true"}
    app = opened(card.script, **texts)
    bound = {
        each.proto.query_param_key
        for each in [*app.selectbox, *app.button_group, *app.toggle, *app.slider, *app.text_area]
        if each.proto.query_param_key
    }
    assert len(bound) >= 3
    assert bound <= card.all_keys
