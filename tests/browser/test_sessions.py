"""What a session keeps, over Streamlit's own websocket: quicker than a browser, and it can lose a session."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import replace

from attnlit.app.examples import EXAMPLES
from benchmarks.load.client import Visitor
from benchmarks.load.right import wrong
from benchmarks.load.students import HOME, LESSONS, Choice, Deed
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
    """The judgement of the load run fits the pages: what a visitor gets is what it expects."""

    async def visit(visitor: Visitor) -> None:
        await visitor.open(HOME)
        choice, deeds = Choice(layer=3, head=2, heads=(2,), query="3"), []  # where the text begins
        for layer, page in enumerate(LESSONS["all"].pages, start=-1):
            choice = replace(choice, page=page)
            deeds.append(Deed("page", choice, choice, await visitor.visit(page), after_loss=False))
            if "layer" in visitor.shows():
                choice = replace(choice, layer=layer)
                answer = await visitor.choose("layer", [str(layer)])
                deeds.append(Deed("layer", choice, choice, answer, after_loss=False))
        assert not [deed.answer.mistakes for deed in deeds if deed.answer.mistakes]
        assert all(deed.answer.charts for deed in deeds)
        assert not wrong(deeds)

    visiting(server, visit)
