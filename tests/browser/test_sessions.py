"""What a session keeps, over Streamlit's own websocket: quicker than a browser, and it can lose a session."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine

from attnlit.app.examples import EXAMPLES
from benchmarks.load.client import Visitor
from benchmarks.load.right import wrong
from benchmarks.load.students import LESSONS, Diary, study
from tests.visiting import run


def visiting(server: str, visit: Callable[[Visitor], Coroutine[None, None, None]]) -> None:
    async def open_and_close() -> None:
        visitor = Visitor(server)
        try:
            await visit(visitor)
        finally:
            await visitor.close()

    run(open_and_close())


def test_an_example_is_kept_when_the_next_click_is_another_page(server: str) -> None:
    async def visit(visitor: Visitor) -> None:
        first = await visitor.open("head_view", example="induction")
        layer = visitor.shows()["layer"]
        then = await visitor.visit("neuron_view")
        assert visitor.shows()["text"] == EXAMPLES["induction"].text
        assert visitor.shows()["layer"] == layer != ["0"]
        assert not first.mistakes + then.mistakes

    visiting(server, visit)


def test_the_starting_text_is_kept_when_the_first_click_is_another_page(server: str) -> None:
    async def visit(visitor: Visitor) -> None:
        await visitor.open("head_view")
        text = visitor.shows()["text"]
        answer = await visitor.visit("neuron_view")
        assert visitor.shows()["text"] == text != ""
        assert not answer.mistakes

    visiting(server, visit)


def test_a_typed_text_is_kept_when_the_session_is_lost(server: str) -> None:
    """As after a restart of the server, or a laptop that slept: the browser still has it, and sends it."""

    async def visit(visitor: Visitor) -> None:
        await visitor.open("head_view")
        await visitor.submit(text="She opened the letter.", pair="")
        await visitor.lose_session()
        answer = await visitor.choose("layer", ["2"])
        assert visitor.shows()["text"] == "She opened the letter."
        assert visitor.shows()["layer"] == ["2"]
        assert not answer.mistakes

    visiting(server, visit)


def test_what_students_are_shown_is_right(server: str) -> None:
    """The load run's own students, three of them and for a moment: its judgement must fit the pages."""
    diary = Diary()

    async def lessons() -> None:
        until = time.perf_counter() + 5
        await asyncio.gather(
            *(study(server, LESSONS["all"], diary, until, seed, thinking=0.1) for seed in range(3))
        )

    run(lessons())
    assert len(diary.deeds) > 3
    assert not diary.losses
    assert not [mistake for deed in diary.deeds for mistake in deed.answer.mistakes]
    assert not wrong(diary.deeds)
