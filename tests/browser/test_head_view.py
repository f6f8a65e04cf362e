"""The head view under a pointer: pointing, pinning, and the switches of its heads."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

import attnlit
from attnlit.charts.head.layout import SWITCHES_LEFT
from attnlit.charts.heatmap.layout import sizes
from attnlit.charts.theme import head_colour
from tests.browser.hand import address, box, click, colour, drawn, ink, leave, pixels, point, radio
from tests.browser.heads import HEADS, TEXT, heads, row, switch
from tests.browser.waiting import answered, eventually, visit

# What the page tells the server can be held back.
HOLD = """() => {
  window.held = null;
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (data) {
    held ? held.push(() => send.call(this, data)) : send.call(this, data);
  };
}"""
# From now on `seen` tells which heads the picture shows as on: those whose switch has its full colour in an
# animation frame. A change that lasts one frame is seen, too.
WATCH = """([places, colours]) => {
  const canvas = document.querySelector("[data-testid=stVegaLiteChart] canvas");
  const sharp = canvas.width / canvas.clientWidth;
  window.seen = [];
  const look = () => {
    const on = places.map(([x, y], head) => {
      const drawn = canvas.getContext("2d").getImageData(x * sharp, y * sharp, 1, 1).data;
      return colours[head].every((part, place) => Math.abs(part - drawn[place]) < 30) ? head : "";
    });
    if (seen.at(-1) !== on.join("")) seen.push(on.join(""));
    requestAnimationFrame(look);
  };
  look();
}"""


def test_pointing_at_a_token_isolates_it_and_a_click_pins_it(server: str, page: Page) -> None:
    visit(page, f"{server}/head_view?layer=0&query=-1&text={TEXT}")  # every head, and nothing pinned
    drawn(page)
    idle = colour(pixels(page))
    point(page, 0.2, row(2))
    eventually(lambda: colour(pixels(page)) < idle / 2)
    click(page, 0.2, row(2))
    alone = ink(pixels(page))
    leave(page)
    eventually(lambda: ink(pixels(page)) > alone)  # the lines of the others, in grey
    assert colour(pixels(page)) < idle / 2
    eventually(lambda: address(page).get("query") == "2")
    expect(page.get_by_text(re.compile(r"cat looks"))).to_be_visible()
    # a change of layer leaves the pin
    with answered(page):
        radio(page, "Layer", 1).click()
    eventually(lambda: colour(pixels(page)) < idle / 2)
    # a second click lets go
    click(page, 0.2, row(2))
    leave(page)
    eventually(lambda: colour(pixels(page)) > idle / 2)


def test_a_click_on_a_switch_chooses_heads_everywhere(server: str, page: Page) -> None:
    visit(page, f"{server}/head_view?heads=3&query=-1&text={TEXT}")
    one = drawn(page)
    click(page, *switch(page, 3))  # the last one stays on
    click(page, *switch(page, 5))
    leave(page)
    eventually(lambda: ink(pixels(page)) > one * 1.1)
    eventually(lambda: heads(page) == ["3", "5"])
    expect(page.get_by_text("Switch these 2 heads off")).to_be_visible()
    click(page, 0.2, row(2))
    expect(page.get_by_text("On average over 2 heads")).to_be_visible()
    click(page, *switch(page, 3))
    eventually(lambda: heads(page) == ["5"])
    for head, then in ((5, []), (2, ["2"])):  # 5 is alone: all come back
        place = point(page, *switch(page, head))
        with answered(page):
            page.mouse.dblclick(*place)
        eventually(lambda then=then: heads(page) == then)
        leave(page)  # the next one waits for the picture that answers this one


def test_a_switch_acts_before_the_server_answers_and_of_two_clicks_the_last_one_wins(
    server: str, page: Page
) -> None:
    def shows(*states: str) -> None:
        """The picture has shown these heads as on, one after the other, and nothing else."""
        eventually(lambda: page.evaluate("seen.at(-1)") == states[-1])
        assert page.evaluate("seen") == [*states]

    visit(page, f"{server}/head_view?heads=3&query=-1&text={TEXT}")
    page.evaluate(HOLD)
    drawn(page)
    width = (switch(page, 1)[0] - switch(page, 0)[0]) * box(page)["width"]
    places = [[SWITCHES_LEFT + head * width + 4, 6] for head in range(HEADS)]
    page.evaluate(WATCH, [places, [[*bytes.fromhex(head_colour(head)[1:])] for head in range(HEADS)]])
    shows("3")
    page.evaluate("held = []")
    page.mouse.click(*point(page, *switch(page, 5)))
    shows("3", "35")
    page.mouse.click(*point(page, *switch(page, 3)))
    page.mouse.move(2, 2)
    shows("3", "35", "5")
    eventually(lambda: page.evaluate("held.length") >= 2)
    by_itself = pixels(page)
    assert heads(page) == ["3"], "the server knows of nothing yet"
    page.evaluate("{ const all = held; held = null; all.forEach((send) => send()); }")
    eventually(lambda: heads(page) == ["5"])
    expect(page.get_by_text("Switch head 5 off")).to_be_visible()
    sidebar = page.get_by_test_id("stSidebar")
    expect(sidebar.locator("button[aria-pressed=true]")).to_have_text(["5"])
    shows("3", "35", "5")  # nothing flickered back
    eventually(lambda: (pixels(page) != by_itself).mean() < 0.001)  # it was what the server then drew
    with answered(page):
        sidebar.get_by_role("button", name="1", exact=True).click()
    assert {*heads(page)} == {"1", "5"}
    shows("3", "35", "5", "15")  # what is chosen elsewhere wins over the last click


def test_an_address_with_a_mistake_leads_to_a_long_texts_heat_map_whose_rows_can_be_clicked(
    server: str, page: Page
) -> None:
    long = "The cat sat on the mat. " * 12
    visit(page, f"{server}/head_veiw?layer=2&heads=1&query=5&text={long}")
    expect(page.get_by_role("dialog")).to_have_count(0)  # Streamlit's own, without a way on
    with answered(page):
        page.get_by_role("link", name="Open “Head view”").click()
    expect(radio(page, "Tokens in", "Heat map")).to_be_checked()
    drawn(page)
    shape = sizes(*[[each.text for each in attnlit.attend(attnlit.load("mini-gpt2"), long).queries]] * 2)
    middle = shape["top"] + 40.5 * shape["matrix_height"] / shape["queries"]
    click(page, 0.3, middle)
    eventually(lambda: address(page).get("query") == "40")
    assert "shape" not in address(page)
