"""A visitor's way through the app, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import settled

VIEWS = ("head_view", "model_view", "neuron_view")


def chart(page: Page):
    return page.get_by_test_id("stVegaLiteChart").first


def choose_model(page: Page, name: str) -> None:
    page.get_by_role("combobox", name="Model").click()
    page.get_by_role("option", name=name, exact=True).click()
    settled(page)


def type_texts(page: Page, text: str, pair: str = "") -> None:
    page.get_by_label("Sentence A").fill(text)
    page.get_by_label("Sentence B").fill(pair)
    page.get_by_role("button", name="Show attention").click()
    settled(page)


def pill(page: Page, group: str, number: int):
    return page.get_by_role("radiogroup", name=group).get_by_role("radio", name=str(number), exact=True)


@pytest.mark.parametrize("model", ["mini-gpt2", "mini-bert"])
def test_a_new_visitor_sees_all_three_views_of_a_typed_pair(server: str, page: Page, model: str) -> None:
    outside: list[str] = []
    page.on(
        "request", lambda request: None if request.url.startswith(server) else outside.append(request.url)
    )
    mistakes: list[str] = []
    page.on("pageerror", lambda error: mistakes.append(str(error)))
    page.goto(server)
    settled(page)
    expect(chart(page)).to_be_visible()
    page.get_by_role("link", name="Head view").click()
    settled(page)
    choose_model(page, model)
    type_texts(page, "The boy threw the ball.", "The girl caught it.")
    for view in ("Head view", "Model view", "Neuron view"):
        page.get_by_role("link", name=view, exact=True).click()
        settled(page)
        expect(page.get_by_role("heading", name=view)).to_be_visible()
        expect(chart(page)).to_be_visible()
        assert page.get_by_label("Sentence A").input_value() == "The boy threw the ball."
    assert not mistakes
    assert not [url for url in outside if not url.startswith(("data:", "blob:"))]


@pytest.mark.parametrize("view", VIEWS)
def test_a_deep_link_to_a_server_that_nobody_has_visited(
    browser: Browser, view: str, cold_server: str
) -> None:
    page = browser.new_page()
    page.goto(f"{cold_server}/{view}?model=mini-bert&layer=3&head=2&query=4")
    settled(page)
    expect(page.get_by_role("link", name="Model view")).to_be_visible()
    expect(pill(page, "Layer", 3)).to_be_checked()
    expect(chart(page)).to_be_visible()
    page.close()
