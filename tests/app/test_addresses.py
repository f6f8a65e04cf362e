"""Whatever stands in an address, behind any name that a page reads: it opens, and nothing becomes markup."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from attnlit.app.frame.cards import OWN_TEXTS, PAGES, PageCard
from tests.app.nonsense import NONSENSE, shows_markup
from tests.app.opening import opened

CARDS = [card for card in PAGES if card.all_keys]
NAMES = [card.script for card in CARDS]


# What nobody writes as a text; the other kinds of nonsense are texts like any.
NO_WORDS = ("empty", "markup", "long", "control", "unicode")


def bears(card: PageCard, address: dict[str, str]) -> AppTest:
    """The page opens whatever this address holds, and nothing of it becomes markup."""
    app = opened(card.script, **address)
    assert not app.exception, address
    assert not app.error, address
    assert not shows_markup(app), address
    for group in app.button_group:
        assert group.value is not None, (address, group.key)
    return app


@pytest.mark.parametrize("nonsense", NONSENSE)
@pytest.mark.parametrize("card", CARDS, ids=NAMES)
def test_nonsense_behind_every_name(card: PageCard, nonsense: str) -> None:
    app = bears(card, dict.fromkeys(card.all_keys - OWN_TEXTS, NONSENSE[nonsense]))
    assert app.get("vega_lite_chart") or "model" not in card.controls


@pytest.mark.parametrize("card", CARDS, ids=NAMES)
def test_nonsense_behind_one_name(card: PageCard, small_model: Callable[[str], str]) -> None:
    """One by one, as what is wrong with one may hide another.

    The sidebar is the same everywhere; tests/app/frame/test_controls.py tries each kind of control alone with
    each kind of nonsense.
    """
    model = {"model": small_model("mini-gpt2")} if "model" in card.controls else {}
    for key in sorted(card.all_keys if card.script == "head_view" else card.keys):
        app = bears(card, {**model, key: NONSENSE["markup"]})
        assert app.get("vega_lite_chart") or key in OWN_TEXTS or not model, key


WITH_TEXTS = [card for card in CARDS if card.script == "head_view" or card.keys & OWN_TEXTS]


@pytest.mark.parametrize("nonsense", NO_WORDS)
@pytest.mark.parametrize("card", WITH_TEXTS, ids=lambda card: card.script)
def test_nonsense_in_every_text(card: PageCard, nonsense: str, small_model: Callable[[str], str]) -> None:
    texts = dict.fromkeys(card.all_keys & OWN_TEXTS, NONSENSE[nonsense])
    bears(card, {"model": small_model("mini-gpt2"), **texts})


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
