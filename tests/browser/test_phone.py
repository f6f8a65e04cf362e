"""On a phone: nothing is cut off, a tap is a click, and two are a double click."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from attnlit.charts.grid import LEFT, TOP
from attnlit.charts.model.spec import ROLE_HEIGHT
from attnlit.lessons import LESSONS
from tests.browser.hand import address, box, double_tap, drawn, ink, overflows, pixels, tap
from tests.browser.heads import TEXT, heads, row, switch
from tests.browser.waiting import answered, eventually, visit


def test_on_a_phone_a_tap_chooses(server: str, phone: Page) -> None:
    visit(phone, f"{server}/model_view")
    drawn(phone)
    assert overflows(phone) == []
    tap(phone, 0.95, 130)
    eventually(lambda: address(phone).get("head") == "7")
    cell = (box(phone)["width"] - LEFT) // 8
    role = (0.2, TOP + 6 * cell + 8 + ROLE_HEIGHT / 2)  # the first of the legend
    tap(phone, *role)
    eventually(lambda: address(phone).get("role") == "previous")
    tap(phone, *role)  # again: all heads
    eventually(lambda: "role" not in address(phone))
    visit(phone, f"{server}/head_view?text={TEXT}")
    drawn(phone)
    assert overflows(phone) == []
    tap(phone, 0.2, row(2))
    eventually(lambda: address(phone).get("query") == "2")


def test_on_a_phone_the_sidebar_closes_once_a_text_is_sent(server: str, phone: Page) -> None:
    visit(phone, f"{server}/neuron_view")
    phone.get_by_test_id("stExpandSidebarButton").tap()
    phone.get_by_label("Sentence A").fill("Birds sing and frogs croak at night.")
    with answered(phone):
        phone.get_by_role("button", name="Show attention").tap()
    expect(phone.get_by_role("button", name="Show attention")).not_to_be_in_viewport()
    assert overflows(phone) == []


def test_on_a_phone_a_double_tap_leaves_one_head_alone(server: str, phone: Page) -> None:
    visit(phone, f"{server}/head_view?layer=2&query=-1&text={TEXT}")
    every = drawn(phone)
    tap(phone, *switch(phone, 4))  # a single tap switches one head off
    eventually(lambda: heads(phone) == ["0", "1", "2", "3", "5", "6", "7"])
    eventually(lambda: ink(pixels(phone)) < every)
    without_one = ink(pixels(phone))
    tap(phone, *switch(phone, 4))
    eventually(lambda: heads(phone) == [])
    eventually(lambda: abs(ink(pixels(phone)) / every - 1) < 0.005)
    tap(phone, *switch(phone, 2))  # and is forgotten when another head is left alone
    eventually(lambda: "2" not in heads(phone) and len(heads(phone)) == 7)
    double_tap(phone, *switch(phone, 4))
    eventually(lambda: heads(phone) == ["4"])
    eventually(lambda: ink(pixels(phone)) < 0.5 * without_one)
    double_tap(phone, *switch(phone, 4))
    eventually(lambda: heads(phone) == [])
    eventually(lambda: abs(ink(pixels(phone)) / every - 1) < 0.005)


def test_a_class_opens_its_link_on_phones_and_answers(server: str, phone: Page) -> None:
    visit(phone, f"{server}/lessons?lesson=one-step-back&step=1&only=head_view")
    assert overflows(phone) == []
    expect(phone.locator("[role='graphics-document']")).to_have_count(0)  # predict first
    first = phone.locator("label:has(input[type=radio])").first.bounding_box()
    assert first
    assert first["height"] >= 36  # a finger's
    step = LESSONS["one-step-back"].steps[0]
    right = next(place for place, option in enumerate(step.options) if option.right)
    with answered(phone):
        phone.locator("label:has(input[type=radio])").nth(right).tap()
    expect(phone.get_by_text("That is what happens.")).to_be_visible()
    drawn(phone)
    assert overflows(phone) == []
    assert address(phone)["answers"].startswith(str(right))
    with answered(phone):
        phone.get_by_role("button", name="Next").tap()
    title = phone.get_by_role("heading", name=LESSONS["one-step-back"].steps[1].title)
    expect(title).to_be_in_viewport()  # the next step begins at its top
