"""A visitor's way through the app, in a real browser."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from attnlit.app.frame.cards import BY_SCRIPT
from tests.browser.hand import address, click, drawn, leave, pixels, radio
from tests.browser.waiting import answered, eventually, open_page, settled, visit

VIEWS = ("head_view", "model_view", "neuron_view")
TITLES = tuple(BY_SCRIPT[view].title for view in VIEWS)
TEXT = "The cat sat on the mat because it was warm."


def choose_model(page: Page, name: str) -> None:
    page.get_by_role("combobox", name="Model").click()
    with answered(page):
        page.get_by_role("option", name=name, exact=True).click()


def type_texts(page: Page, text: str, pair: str = "") -> None:
    page.get_by_label("Sentence A").fill(text)
    page.get_by_label("Sentence B").fill(pair)
    with answered(page):
        page.get_by_role("button", name="Show attention").click()


PAIR = ("The boy threw the ball.", "The girl caught it.")
MARKUP = '<img src=x onerror="window.broken=1"> </script><script>window.broken=1</script> [a](b)'


def holds_no_markup(page: Page) -> None:
    """Nothing that was typed became a link, or ran."""
    assert page.evaluate("window.broken") is None
    assert page.get_by_test_id("stMain").get_by_role("link", name="a", exact=True).count() == 0


def test_a_new_visitor_sees_and_saves_all_three_views_of_what_was_typed(server: str, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    mistakes: list[str] = []
    page.on("pageerror", lambda error: mistakes.append(str(error)))
    visit(page, server)
    drawn(page)  # the living picture
    with answered(page):
        page.get_by_role("link", name="Said twice").click()
    expect(page.get_by_label("Sentence A")).to_have_value(re.compile("Dursby"))
    drawn(page)
    type_texts(page, *PAIR)
    for model, text in (("mini-bert", PAIR[0]), ("mini-gpt2", MARKUP)):
        if page.get_by_role("combobox", name="Model").input_value() != model:
            choose_model(page, model)
        expect(page.get_by_label("Sentence A")).to_have_value(PAIR[0])
        if text != PAIR[0]:
            type_texts(page, text)
        for title in TITLES:
            open_page(page, title)
            drawn(page)
            expect(page.get_by_label("Sentence A")).to_have_value(text)
            expect(page.get_by_role("combobox", name="Model")).to_have_value(model)
            holds_no_markup(page)
            if text == MARKUP:
                assert saved(page, "Picture (SVG)").startswith(b"<svg")
                assert saved(page, "Numbers (CSV)").count(b"\n") > 3
    assert not mistakes
    assert not [url for url in asked if not url.startswith((server, "data:", "blob:"))]  # nothing leaves


def test_deep_links_to_a_server_that_nobody_has_visited(cold_server: str, page: Page, other: Page) -> None:
    """Two visitors at the same moment, so that two models are opened together, and a third after them."""
    together = {page: ("head_view", "mini-bert"), other: ("neuron_view", "mini-gpt2")}
    for tab, (view, model) in together.items():
        tab.goto(f"{cold_server}/{view}?model={model}&layer=3&head=2&heads=2&query=4", wait_until="commit")
    for tab, (_, model) in together.items():
        shows_the_link(tab, model)
    page.goto(f"{cold_server}/model_view?model=mini-bert&layer=3&head=2&query=4")
    shows_the_link(page, "mini-bert")


def shows_the_link(tab: Page, model: str) -> None:
    settled(tab)
    expect(tab.get_by_test_id("stTopNav").get_by_role("button", name="Views")).to_be_visible()
    expect(radio(tab, "Layer", 3)).to_be_checked()
    expect(tab.get_by_role("combobox", name="Model")).to_have_value(model)
    drawn(tab)


def test_a_click_on_a_thumbnail_chooses_that_head_everywhere(server: str, page: Page) -> None:
    visit(page, f"{server}/model_view")
    drawn(page)
    begun = address(page)
    click(page, 0.95, 180)
    eventually(lambda: address(page) != begun)
    chosen = address(page)
    expect(radio(page, "Layer", chosen["layer"])).to_be_checked()
    expect(radio(page, "Head", chosen["head"])).to_be_checked()
    expect(page.get_by_text(f"Layer {chosen['layer']}, head {chosen['head']}", exact=True)).to_be_visible()
    leave(page)
    open_page(page, "Neuron view")
    expect(radio(page, "Head", chosen["head"])).to_be_checked()
    with answered(page):
        page.go_back()  # one click, one step
    expect(page.get_by_role("heading", name="Model view")).to_be_visible()
    expect(radio(page, "Layer", chosen["layer"])).to_be_checked()
    expect(radio(page, "Head", chosen["head"])).to_be_checked()
    with answered(page):
        page.go_back()
    expect(page.get_by_role("heading", name="Model view")).to_be_visible()
    expect(radio(page, "Head", begun["head"])).to_be_checked()
    eventually(lambda: address(page) == begun)
    assert page.get_by_test_id("stAlert").count() == 0
    drawn(page)
    with answered(page):
        page.go_forward()
    expect(radio(page, "Head", chosen["head"])).to_be_checked()


def test_the_query_is_chosen_in_the_picture_and_by_back_and_forward(server: str, page: Page) -> None:
    visit(page, f"{server}/neuron_view?text={TEXT}")
    drawn(page)
    begun = address(page)["query"]
    click(page, 0.06, 140)
    eventually(lambda: address(page)["query"] != begun)
    first = address(page)["query"]
    expect(page.get_by_role("combobox", name="Query token")).to_have_value(re.compile(rf"· +{first}$"))
    click(page, 0.06, 200)
    eventually(lambda: int(address(page)["query"]) > int(first))
    for step, then in ((page.go_back, first), (page.go_back, begun), (page.go_forward, first)):
        with answered(page):
            step()
        eventually(lambda then=then: address(page).get("query") == then)


def test_a_link_with_markup_shows_none_and_the_filter_leaves_the_chosen_sentences(
    server: str, page: Page
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    markup = "![](http://a.example/x.png)[a](http://a.example)"
    texts = "text=A+cat+sat.&pair=The+old+dog+ran+away+from+home."
    visit(page, f"{server}/head_view?model=mini-bert&{texts}&layer={markup}&heads={markup}&weigh={markup}")
    drawn(page)
    holds_no_markup(page)
    assert not [url for url in asked if "a.example" in url.partition("?")[0]]
    tall = pixels(page).shape[0]
    with answered(page):
        radio(page, "Sentences", "A→A").click()
    eventually(lambda: pixels(page).shape[0] < tall)
    eventually(lambda: address(page).get("filter") == "A→A")


def test_a_link_with_text_restores_the_picture_for_somebody_else(
    server: str, page: Page, other: Page
) -> None:
    visit(page, f"{server}/head_view?model=mini-bert&layer=2&heads=5&query=3")
    type_texts(page, "Words that nobody else typed.", "And a second line.")
    page.get_by_role("button", name="Link").click()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    link, without = (
        copied(page, f"Copy link {which} your text", times)
        for times, which in enumerate(("with", "without"), start=1)
    )
    assert "nobody" in link
    assert "nobody" not in without
    visit(other, link)
    expect(other.get_by_label("Sentence A")).to_have_value("Words that nobody else typed.")
    expect(other.get_by_label("Sentence B")).to_have_value("And a second line.")
    expect(radio(other, "Layer", 2)).to_be_checked()
    eventually(lambda: address(other).get("heads") == "5")


def copied(page: Page, label: str, times: int) -> str:
    """What the button with this label copies, pressed by keyboard; so many say then that they did."""
    page.get_by_role("button", name=label, exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Copied", exact=True)).to_have_count(times)
    return str(page.evaluate("navigator.clipboard.readText()"))


def saved(page: Page, label: str) -> bytes:
    page.get_by_role("button", name="Save").click()
    button = page.get_by_role("button", name=label)
    with page.expect_download() as waiting:
        button.click()
    with open(waiting.value.path(), "rb") as file:
        content = file.read()
    with answered(page):
        page.keyboard.press("Escape")
    expect(button).to_be_hidden()
    return content


def test_characters_that_ended_the_renderer_are_saved_and_the_server_lives(server: str, page: Page) -> None:
    """Native code draws the files. A character that it cannot bear would end all sessions."""
    odd = "%00 %01 %1B %EF%BF%BE %ED%A0%80 %F0%9F%91%A9%E2%80%8D%F0%9F%91%A7 %E2%80%AE"
    text = f"unbelievableness {odd} cat".replace(" ", "%20")
    visit(page, f"{server}/head_view?text={text}&pair=&words=true")
    drawn(page)
    whole = page.get_by_test_id("stCheckbox").filter(has_text="Whole words")
    expect(whole.locator("input")).to_be_checked()
    for kind, begins in (("SVG", b"<svg"), ("PNG", b"\x89PNG"), ("PDF", b"%PDF")):
        assert saved(page, f"Picture ({kind})").startswith(begins)
    type_texts(page, f"Another text {chr(1)} of {chr(0xFFFE)} these.")
    assert saved(page, "Picture (SVG)").startswith(b"<svg")
