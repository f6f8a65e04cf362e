"""A visitor's way through the app, in a real browser."""

from __future__ import annotations

import contextlib
import io
import re
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

import attnlit
from attnlit.charts.head import head_shape
from attnlit.charts.head.layout import SWITCHES_LEFT
from tests.browser.conftest import eventually, open_page, settled

VIEWS = ("head_view", "model_view", "neuron_view")
TITLES = ("Head view", "Model view", "Neuron view")
TEXT = "The cat sat on the mat because it was warm."


def chart(page: Page) -> Locator:
    return page.get_by_test_id("stVegaLiteChart").first


def radio(page: Page, group: str, choice: str | int) -> Locator:
    return page.get_by_role("radiogroup", name=group).get_by_role("radio", name=str(choice), exact=True)


def go(page: Page, title: str) -> None:
    page.mouse.move(2, 2)
    page.wait_for_timeout(300)  # a hand takes longer than this from the picture, which tells that it was left
    open_page(page, title)
    expect(page.get_by_role("heading", name=title)).to_be_visible()


def choose_model(page: Page, name: str) -> None:
    page.get_by_role("combobox", name="Model").click()
    page.get_by_role("option", name=name, exact=True).click()
    settled(page)


def type_texts(page: Page, text: str, pair: str = "") -> None:
    page.get_by_label("Sentence A").fill(text)
    page.get_by_label("Sentence B").fill(pair)
    page.get_by_role("button", name="Show attention").click()
    settled(page)


def address(page: Page) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(urlsplit(page.url).query).items()}


def point(page: Page, across: float, down: float) -> tuple[float, float]:
    """Move the pointer, in steps as a hand does, to a share of the chart's width and so many pixels down."""
    box = chart(page).bounding_box()
    assert box
    x, y = box["x"] + across * box["width"], box["y"] + down
    page.mouse.move(x - 4, y - 2, steps=4)
    page.mouse.move(x, y, steps=4)
    page.wait_for_timeout(250)
    return x, y


def click(page: Page, across: float, down: float) -> None:
    page.mouse.click(*point(page, across, down))
    settled(page)


def pixels(page: Page) -> np.ndarray:
    """The chart as it looks now: uint8 (height, width, 3)."""
    return np.asarray(Image.open(io.BytesIO(chart(page).screenshot())).convert("RGB"))


def ink(picture: np.ndarray) -> int:
    """How many pixels are not background."""
    return int((np.abs(picture.astype(int) - picture[-1, -1].astype(int)).sum(axis=-1) > 24).sum())


@pytest.mark.parametrize("model", ["mini-gpt2", "mini-bert"])
def test_a_new_visitor_sees_all_three_views_of_a_typed_pair(server: str, page: Page, model: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    mistakes: list[str] = []
    page.on("pageerror", lambda error: mistakes.append(str(error)))
    page.goto(server)
    settled(page)
    eventually(lambda: ink(pixels(page)) > 1000)  # the living picture
    go(page, "Head view")
    choose_model(page, model)
    type_texts(page, "The boy threw the ball.", "The girl caught it.")
    for title in TITLES:
        go(page, title)
        eventually(lambda: ink(pixels(page)) > 1000)
        expect(page.get_by_label("Sentence A")).to_have_value("The boy threw the ball.")
        expect(page.get_by_role("combobox", name="Model")).to_have_value(model)
    assert not mistakes
    assert not [url for url in asked if not url.startswith((server, "data:", "blob:"))]  # nothing leaves


@pytest.mark.parametrize("view", VIEWS)
def test_a_deep_link_to_a_server_that_nobody_has_visited(view: str, cold_server: str, page: Page) -> None:
    page.goto(f"{cold_server}/{view}?model=mini-bert&layer=3&head=2&heads=2&query=4")
    settled(page)
    expect(page.get_by_test_id("stTopNav").get_by_role("button", name="Views")).to_be_visible()
    expect(radio(page, "Layer", 3)).to_be_checked()
    expect(page.get_by_role("combobox", name="Model")).to_have_value("mini-bert")
    eventually(lambda: ink(pixels(page)) > 1000)


def test_pointing_at_a_token_isolates_it_and_a_click_pins_it(server: str, page: Page) -> None:
    page.goto(f"{server}/head_view?layer=0&query=-1&text={TEXT}")  # every head, and nothing pinned
    settled(page)
    attention = attnlit.attend(attnlit.load("mini-gpt2"), TEXT)
    shape = head_shape(attention, attention.heads)

    def row(token: int) -> float:
        return shape.top + (token + 0.5) * shape.row

    eventually(lambda: ink(pixels(page)) > 1000)
    idle = ink(pixels(page))
    point(page, 0.2, row(2))
    eventually(lambda: ink(pixels(page)) < idle / 2)
    click(page, 0.2, row(2))
    page.mouse.move(2, 2)
    page.wait_for_timeout(250)
    eventually(lambda: ink(pixels(page)) < idle / 2)
    eventually(lambda: address(page).get("query") == "2")
    expect(page.get_by_text(re.compile(r"cat looks"))).to_be_visible()
    # a change of layer leaves the pin
    radio(page, "Layer", 1).click()
    settled(page)
    page.mouse.move(2, 2)
    page.wait_for_timeout(250)
    eventually(lambda: ink(pixels(page)) < idle / 2)
    # a second click lets go
    click(page, 0.2, row(2))
    page.mouse.move(2, 2)
    page.wait_for_timeout(250)
    eventually(lambda: ink(pixels(page)) > idle / 2)


def switch(page: Page, head: int) -> tuple[float, float]:
    """Where a head's switch is: a share of the chart's width, and pixels down."""
    box = chart(page).bounding_box()
    assert box
    width = min(30, (box["width"] - SWITCHES_LEFT) // 8)
    return (SWITCHES_LEFT + head * width + 10) / box["width"], 11


def heads(page: Page) -> list[str]:
    """Those in the address. Asked of the page: `page.url` stands still while nothing else is asked of it."""
    return parse_qs(page.evaluate("location.search").removeprefix("?")).get("heads", [])


def test_a_click_on_a_switch_chooses_heads_everywhere(server: str, page: Page) -> None:
    page.goto(f"{server}/head_view?heads=3&query=-1&text={TEXT}")
    settled(page)
    eventually(lambda: ink(pixels(page)) > 1000)
    one = ink(pixels(page))
    click(page, *switch(page, 3))  # the last one stays on
    click(page, *switch(page, 5))
    page.mouse.move(2, 2)
    eventually(lambda: ink(pixels(page)) > one * 1.1)
    eventually(lambda: heads(page) == ["3", "5"])
    expect(page.get_by_text("Switch these 2 heads off")).to_be_visible()
    shape = head_shape(attnlit.attend(attnlit.load("mini-gpt2"), TEXT), 8)
    click(page, 0.2, shape.top + 2.5 * shape.row)
    expect(page.get_by_text("On average over 2 heads")).to_be_visible()
    click(page, *switch(page, 3))
    eventually(lambda: heads(page) == ["5"])
    page.mouse.dblclick(*point(page, *switch(page, 5)))  # it is alone: all come back
    settled(page)
    eventually(lambda: heads(page) == [])
    page.mouse.dblclick(*point(page, *switch(page, 2)))
    settled(page)
    eventually(lambda: heads(page) == ["2"])


def test_a_click_on_a_thumbnail_chooses_that_head_everywhere(server: str, page: Page) -> None:
    page.goto(f"{server}/model_view")
    settled(page)
    begun = address(page)
    click(page, 0.95, 180)
    eventually(lambda: address(page) != begun)
    chosen = address(page)
    expect(radio(page, "Layer", chosen["layer"])).to_be_checked()
    expect(radio(page, "Head", chosen["head"])).to_be_checked()
    expect(page.get_by_text(f"Layer {chosen['layer']}, head {chosen['head']}", exact=True)).to_be_visible()
    go(page, "Neuron view")
    expect(radio(page, "Head", chosen["head"])).to_be_checked()
    page.go_back()  # one click, one step
    settled(page)
    expect(page.get_by_role("heading", name="Model view")).to_be_visible()
    expect(radio(page, "Layer", chosen["layer"])).to_be_checked()
    expect(radio(page, "Head", chosen["head"])).to_be_checked()
    page.go_back()
    settled(page)
    expect(page.get_by_role("heading", name="Model view")).to_be_visible()
    expect(radio(page, "Head", begun["head"])).to_be_checked()
    assert address(page) == begun
    assert page.get_by_test_id("stAlert").count() == 0
    eventually(lambda: ink(pixels(page)) > 1000)
    page.go_forward()
    settled(page)
    expect(radio(page, "Head", chosen["head"])).to_be_checked()


def test_the_query_is_chosen_in_the_picture_and_by_back_and_forward(server: str, page: Page) -> None:
    page.goto(f"{server}/neuron_view?text={TEXT}")
    settled(page)
    begun = address(page)["query"]
    click(page, 0.06, 140)
    eventually(lambda: address(page)["query"] != begun)
    first = address(page)["query"]
    expect(page.get_by_role("combobox", name="Query token")).to_have_value(re.compile(rf"· +{first}$"))
    click(page, 0.06, 200)
    eventually(lambda: int(address(page)["query"]) > int(first))
    page.go_back()
    settled(page)
    eventually(lambda: address(page).get("query") == first)
    page.go_back()
    settled(page)
    eventually(lambda: address(page).get("query") == begun)
    page.go_forward()
    settled(page)
    eventually(lambda: address(page).get("query") == first)


def test_the_sentence_filter_leaves_only_the_chosen_sentences(server: str, page: Page) -> None:
    page.goto(f"{server}/head_view?model=mini-bert&text=A+cat+sat.&pair=The+old+dog+ran+away+from+home.")
    settled(page)
    eventually(lambda: ink(pixels(page)) > 1000)
    tall = pixels(page).shape[0]
    radio(page, "Sentences", "A→A").click()
    settled(page)
    eventually(lambda: pixels(page).shape[0] < tall)
    eventually(lambda: address(page).get("filter") == "A→A")


@pytest.mark.parametrize("view", VIEWS)
def test_on_a_phone_nothing_is_cut_off(browser: Browser, server: str, view: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    page.goto(f"{server}/{view}?model=mini-bert")
    settled(page)
    page.wait_for_timeout(500)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box = chart(page).locator("canvas").bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    eventually(lambda: ink(pixels(page)) > 1000)
    context.close()


def test_on_a_phone_a_tap_chooses(browser: Browser, server: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    page.goto(f"{server}/model_view")
    settled(page)
    box = chart(page).bounding_box()
    assert box
    page.touchscreen.tap(box["x"] + 0.95 * box["width"], box["y"] + 130)
    settled(page)
    eventually(lambda: address(page).get("head") == "7")
    page.goto(f"{server}/head_view?text={TEXT}")
    settled(page)
    box = chart(page).bounding_box()
    assert box
    shape = head_shape(attnlit.attend(attnlit.load("mini-gpt2"), TEXT), 8)
    page.touchscreen.tap(box["x"] + 0.2 * box["width"], box["y"] + shape.top + 2.5 * shape.row)
    settled(page)
    eventually(lambda: address(page).get("query") == "2")
    context.close()


def test_on_a_phone_a_double_tap_leaves_one_head_alone(browser: Browser, server: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    page.goto(f"{server}/head_view?layer=2&query=-1&text={TEXT}")
    settled(page)
    eventually(lambda: ink(pixels(page)) > 1000)

    def tap(head: int, times: int = 1) -> None:
        box = chart(page).bounding_box()
        assert box
        across, down = switch(page, head)
        for _ in range(times):
            page.touchscreen.tap(box["x"] + across * box["width"], box["y"] + down)
            page.wait_for_timeout(100)  # between the two of a double tap

    def double_tap(head: int, then: list[str]) -> None:
        for _ in range(4):  # on a busy machine two taps may lie too far apart: they leave all as it was
            tap(head, times=2)
            with contextlib.suppress(AssertionError):
                return eventually(lambda: heads(page) == then, seconds=4)
            page.wait_for_timeout(500)
        raise AssertionError(f"double taps on head {head} lead to {heads(page)}")

    every = ink(pixels(page))
    tap(4)  # a single tap switches one head off
    eventually(lambda: heads(page) == ["0", "1", "2", "3", "5", "6", "7"])
    eventually(lambda: ink(pixels(page)) < every)
    without_one = ink(pixels(page))
    tap(4)
    eventually(lambda: heads(page) == [])
    eventually(lambda: abs(ink(pixels(page)) / every - 1) < 0.005)
    page.wait_for_timeout(500)  # else it would be the second of a double tap
    tap(2)  # and is forgotten when another head is left alone
    eventually(lambda: "2" not in heads(page) and len(heads(page)) == 7)
    page.wait_for_timeout(500)
    double_tap(4, ["4"])
    eventually(lambda: ink(pixels(page)) < 0.5 * without_one)
    page.wait_for_timeout(500)
    double_tap(4, [])
    eventually(lambda: abs(ink(pixels(page)) / every - 1) < 0.005)
    context.close()


@pytest.mark.parametrize("view", VIEWS)
def test_dark_pages_have_dark_pictures(browser: Browser, server: str, view: str) -> None:
    context = browser.new_context(viewport={"width": 1400, "height": 900}, color_scheme="dark")
    page = context.new_page()
    page.goto(f"{server}/{view}")
    settled(page)
    page.reload()  # a session's first run may not know the theme yet
    settled(page)
    eventually(lambda: bool(np.median(pixels(page)) < 64))
    context.close()


def test_text_is_drawn_as_text(server: str, page: Page) -> None:
    page.goto(f"{server}/head_view")
    settled(page)
    type_texts(page, '<img src=x onerror="window.broken=1"> </script><script>window.broken=1</script> [a](b)')
    for title in TITLES:
        go(page, title)
        eventually(lambda: ink(pixels(page)) > 1000)
        assert page.evaluate("window.broken") is None
        assert page.get_by_test_id("stMain").get_by_role("link", name="a", exact=True).count() == 0


def test_a_link_with_text_restores_the_picture_for_somebody_else(
    server: str, page: Page, browser: Browser
) -> None:
    page.goto(f"{server}/head_view?model=mini-bert&layer=2&heads=5&query=3")
    settled(page)
    type_texts(page, "Words that nobody else typed.", "And a second line.")
    page.get_by_role("button", name="Link").click()
    link, without = (page.get_by_test_id("stCode").nth(place).inner_text() for place in (0, 1))
    assert "nobody" in link
    assert "nobody" not in without
    other = browser.new_context(viewport={"width": 1400, "height": 900})
    theirs = other.new_page()
    theirs.goto(link)
    settled(theirs)
    expect(theirs.get_by_label("Sentence A")).to_have_value("Words that nobody else typed.")
    expect(theirs.get_by_label("Sentence B")).to_have_value("And a second line.")
    expect(radio(theirs, "Layer", 2)).to_be_checked()
    eventually(lambda: address(theirs).get("heads") == "5")
    other.close()


@pytest.mark.parametrize("view", VIEWS)
def test_picture_and_numbers_can_be_saved(server: str, page: Page, view: str) -> None:
    page.goto(f"{server}/{view}")
    settled(page)
    for label, begins in (("Picture (SVG)", b"<svg"), ("Numbers (CSV)", None)):
        page.get_by_role("button", name="Save").click()
        with page.expect_download() as waiting:
            page.get_by_role("button", name=label).click()
        with open(waiting.value.path(), "rb") as file:
            content = file.read()
        assert content.startswith(begins) if begins else content.count(b"\n") > 3
        page.keyboard.press("Escape")


def test_an_example_of_the_home_page_opens_with_its_text(server: str, page: Page) -> None:
    page.goto(server)
    settled(page)
    page.get_by_role("link", name="Said twice").click()
    settled(page)
    expect(page.get_by_label("Sentence A")).to_have_value(re.compile("Dursby"))
    settled(page)
    eventually(lambda: ink(pixels(page)) > 1000)
