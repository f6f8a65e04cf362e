"""Files are drawn in another process: what would end it is cleaned, and its death ends one request."""

from __future__ import annotations

import os
import signal
import threading
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from typing import Any

import pytest

from attnlit.charts import rendering
from attnlit.charts.rendering import Worker, cleaned, javascript, rendered
from attnlit.errors import AttnlitError


def sketch(text: str) -> dict[str, Any]:
    """A chart that writes this text."""
    return {
        "data": {"values": [{"text": text}]},
        "mark": "text",
        "encoding": {"text": {"field": "text", "type": "nominal"}},
    }


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    started = Worker(seconds=30)
    yield started
    started.end()


def texts(svg: bytes) -> list[str]:
    return [
        each.text for each in ElementTree.fromstring(svg).iter() if each.tag.endswith("text") and each.text
    ]


def test_a_character_that_ends_the_renderer_is_spelled_out_wherever_it_stands() -> None:
    ends_it = ["\0", "\x01", "\x1b", "\x7f", "\ud800", "\ufdd0", "\ufffe", "\U0001ffff"]
    for each in ends_it:
        assert cleaned({each: [f"a{each}b"]}) == {f"U+{ord(each):04X}": [f"aU+{ord(each):04X}b"]}
    all_of_them = "".join(ends_it)
    spec = {**sketch(f"a{all_of_them}"), "title": f"b{all_of_them}", "description": all_of_them}
    spelled = "".join(f"U+{ord(each):04X}" for each in ends_it)
    assert set(texts(rendered(spec, "svg"))) == {f"a{spelled}", f"b{spelled}"}
    assert rendered(spec, "png").startswith(b"\x89PNG")


def test_what_is_harmless_stays_as_it_is() -> None:
    harmless = {"a": ["你好", "🙂", "\u202e", "a\tb\nc", 1, 0.5, None, True], "é": {"x": "\u00a0"}}
    assert cleaned(harmless) == harmless


def test_files_are_what_they_are_called(worker: Worker) -> None:
    assert rendered(sketch("a"), "svg").startswith(b"<svg")
    assert rendered(sketch("a"), "png").startswith(b"\x89PNG")
    assert rendered(sketch("a"), "pdf").startswith(b"%PDF")
    # Whose letters are pictures, a PDF cannot hold: where there are emoji it is one of pixels.
    assert rendered(sketch("👩"), "pdf").startswith(b"%PDF")
    assert b"vegaEmbed" in javascript()


@pytest.mark.whole
def test_a_text_that_ends_the_renderer_ends_one_request(worker: Worker) -> None:
    with pytest.raises(AttnlitError, match="cannot be saved"):
        worker.answer({"kind": "svg", "spec": sketch("\x1b")})  # not cleaned
    assert texts(worker.answer({"kind": "svg", "spec": sketch("next")})) == ["next"]


@pytest.mark.whole
def test_one_process_draws_for_everybody_and_another_follows_when_it_was_killed(worker: Worker) -> None:
    worker.answer({"kind": "svg", "spec": sketch("a")})
    first = worker.pid
    worker.answer({"kind": "svg", "spec": sketch("b")})
    assert first is not None
    assert worker.pid == first != os.getpid()
    os.kill(first, signal.SIGKILL)
    time.sleep(0.5)  # the system takes a moment to end it
    assert texts(worker.answer({"kind": "svg", "spec": sketch("c")})) == ["c"]
    assert worker.pid != first


@pytest.mark.whole
def test_requests_of_many_threads_get_their_own_answers(worker: Worker) -> None:
    answers: dict[str, list[str]] = {}

    def ask(text: str) -> None:
        answers[text] = texts(worker.answer({"kind": "svg", "spec": sketch(text)}))

    threads = [threading.Thread(target=ask, args=(f"text {number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {f"text {number}": [f"text {number}"] for number in range(6)}


def test_a_picture_that_takes_too_long_is_given_up_in_words() -> None:
    hasty = Worker(seconds=0.0)
    with pytest.raises(AttnlitError, match="more than 0 seconds"):
        hasty.answer({"kind": "png", "spec": sketch("a")})
    assert hasty.pid is None


@pytest.mark.skipif(
    not os.path.exists("/proc/self/statm"), reason="the system does not tell a process's memory"
)
def test_a_picture_that_needs_too_much_memory_is_given_up_in_words() -> None:
    modest = Worker(megabytes=1.0)
    with pytest.raises(AttnlitError, match="more than 1 MB"):
        modest.answer({"kind": "png", "spec": sketch("a")})


def test_a_chart_that_is_none_is_refused_in_words_and_the_next_is_drawn(worker: Worker) -> None:
    with pytest.raises(AttnlitError, match="cannot be saved as this kind"):
        worker.answer({"kind": "svg", "spec": {"mark": "no such mark"}})
    assert texts(worker.answer({"kind": "svg", "spec": sketch("next")})) == ["next"]


@pytest.mark.whole
def test_the_process_leaves_when_nobody_asks() -> None:
    brief = Worker(idle=0.1)
    brief.answer({"kind": "svg", "spec": sketch("a")})
    deadline = time.monotonic() + 30
    while brief.pid is not None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert texts(brief.answer({"kind": "svg", "spec": sketch("b")})) == ["b"]
    brief.end()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system that copies processes")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_copy_of_the_process_starts_its_own() -> None:
    rendered(sketch("a"), "svg")
    assert rendering.worker.pid is not None
    child = os.fork()
    if child == 0:
        os._exit(0 if rendering.worker.pid is None else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert rendering.worker.pid is not None
