"""Whatever stands in an address, behind any name that a page reads: it opens, and nothing becomes markup."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from attnlit.app.frame.cards import OWN_TEXTS, PAGES, PageCard
from tests.app.nonsense import NONSENSE, shows_markup
from tests.app.opening import opened

CARDS = [card for card in PAGES if card.all_keys]
NAMES = [card.script for card in CARDS]


@pytest.mark.parametrize("nonsense", NONSENSE)
@pytest.mark.parametrize("card", CARDS, ids=NAMES)
def test_nonsense_behind_any_name(card: PageCard, nonsense: str, small_model: Callable[[str], str]) -> None:
    every = card.all_keys - OWN_TEXTS
    # One by one, too, because what is wrong with one may hide another. The sidebar is the same everywhere, so
    # are the ways in which pages read their own; tests/app/frame/test_controls.py tries each control alone.
    of_page = card.keys if nonsense == "markup" or card.script == "bias" else set()
    alone = card.all_keys if card.script == "head_view" else of_page
    model = {"model": small_model("mini-gpt2")} if "model" in card.controls else {}
    for keys, others in ((every, {}), *(({key}, model) for key in sorted(alone))):
        app = opened(card.script, **{**others, **dict.fromkeys(keys, NONSENSE[nonsense])})
        assert not app.exception, keys
        assert not app.error, keys
        assert app.get("vega_lite_chart") or keys <= OWN_TEXTS or "model" not in card.controls, keys
        assert not shows_markup(app), keys
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
