"""Nothing jumps while a page opens: what moves it is held back, and the room that it will take is there."""

from __future__ import annotations

from playwright.sync_api import Page, Route, expect

from tests.browser.hand import drawn
from tests.browser.waiting import settled, visit

# What draws every picture: Streamlit fetches it when a page brings its first one.
DRAWS = "**/ArrowVegaLiteChart*.js"
# The first picture of each: its place, and what it is.
PICTURES = {
    "": "living_picture",
    "head_view": "head_picture",
    "model_view": "model_picture",
}
NEARLY = 16  # pixels that nobody sees move: a line of text is higher


def test_a_picture_finds_its_room_kept(server: str, page: Page) -> None:
    held: list[Route] = []
    wrong = []
    page.route(DRAWS, lambda route: held.append(route))
    try:
        for script, key in PICTURES.items():
            with page.expect_request(DRAWS):
                page.goto(f"{server}/{script}")
            place = page.locator(f".st-key-picture_{key}")
            expect(place.get_by_test_id("stSkeleton")).to_be_visible()
            settled(page)  # all else of the page is there
            kept = place.bounding_box()["height"]  # type: ignore[index]
            held.pop().continue_()
            drawn(page)
            takes = place.bounding_box()["height"]  # type: ignore[index]
            if abs(takes - kept) > NEARLY:
                wrong.append(f"{script}: {kept:.0f} pixels are kept, and {takes:.0f} are taken")
    finally:
        page.unroute_all()  # the tab is other tests', too
    assert not wrong


def test_what_a_lesson_reveals_and_its_picture_are_in_sight_together(server: str, page: Page) -> None:
    page.set_viewport_size({"width": 1024, "height": 768})  # a projector
    visit(page, f"{server}/lessons?lesson=one-step-back&step=1&answers=2___")
    drawn(page)
    parts = [page.locator(f".st-key-lesson_{part}") for part in ("picture", "box", "words")]
    picture, question, words = (
        part.evaluate("each => each.getBoundingClientRect().toJSON()") for part in parts
    )
    assert abs(question["y"] - words["y"]) < NEARLY
    assert picture["y"] - words["y"] - words["height"] < 2 * NEARLY
    assert picture["x"] + picture["width"] < question["x"]
