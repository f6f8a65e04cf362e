"""Long work: done once for all who ask, shown as it goes, left with a click, and taken up again there."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from attnlit.app import cache, work
from attnlit.errors import AttnlitError


class Click(BaseException):
    """As Streamlit ends a run."""


@pytest.fixture
def kept() -> Iterator[cache.Memory]:
    yield cache.Memory(lambda: 1e6)
    cache.unfinished.clear()


def page() -> None:
    """A page with one work of four steps, of which the test says when each is done."""
    import streamlit as st

    from attnlit.app import work
    from tests.app.test_work import KEPT, steps

    if st.toggle("with a button"):
        found = work.run("on demand", steps, KEPT, button=work.Button("Measure", "It takes long."))
    else:
        found = work.run("at once", steps, KEPT)
    st.markdown(f"found {found}")


KEPT = cache.Memory(lambda: 1e6)
DONE: list[int] = []
AFTER: dict[int, Callable[[], None]] = {}  # what happens after a step


def steps(report: work.Report, so_far: Any) -> str:
    for step in range(so_far or 0, 4):
        DONE.append(step)
        time.sleep(0.25)  # longer than it may be silent; after two of them there is a bar
        report((step + 1) / 4, f"Step {step}", step + 1)
        AFTER.pop(step, lambda: None)()
    return "it"


@pytest.fixture
def app() -> Iterator[AppTest]:
    yield AppTest.from_function(page)
    for memory in (KEPT, cache.unfinished):
        memory.clear()
    DONE.clear()
    AFTER.clear()


def said(app: AppTest) -> str:
    return " ".join(each.value for each in (*app.markdown, *app.info)).replace("\\", "")


def test_work_runs_once_and_is_kept(app: AppTest) -> None:
    assert "found it" in said(app.run())
    assert "found it" in said(app.run())
    assert DONE == [0, 1, 2, 3]
    assert not app.button


def test_work_that_is_stopped_says_how_far_it_came_and_goes_on_from_there(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    clicks: dict[str, Callable[[], None]] = {}
    button = st.button

    def noted(label: str, **options: Any) -> bool:
        clicks[label] = lambda: options["on_click"](*options["args"])
        return button(label, **options)

    def cancel() -> None:
        clicks["Cancel"]()  # as Streamlit does with a click, and then runs the page again
        st.rerun()

    monkeypatch.setattr(st, "button", noted)
    AFTER[1] = cancel
    app.run()
    assert not app.exception
    assert "Stopped at 50%. Step 1" in said(app)
    assert "found None" in said(app)
    app.button[0].click().run()
    assert DONE == [0, 1, 2, 3]
    assert "found it" in said(app)


@pytest.mark.whole
def test_work_with_a_button_waits_for_it(app: AppTest) -> None:
    app.run()
    DONE.clear()
    app.toggle[0].set_value(True).run()
    assert "found None" in said(app)
    assert app.button[0].label == "Measure"
    app.button[0].click().run()
    assert "found it" in said(app)
    assert DONE == [0, 1, 2, 3]


def test_a_mistake_leaves_no_bar_and_the_next_one_tries_again(kept: cache.Memory) -> None:
    def fails(report: work.Report, so_far: Any) -> str:
        raise AttnlitError("It cannot be done.")

    for _ in range(2):
        with pytest.raises(AttnlitError, match="It cannot be done"):
            work.run("fails", fails, kept)
    assert work.run("fails", lambda report, so_far: "done", kept) == "done"


def test_ten_who_ask_at_once_share_one_work(kept: cache.Memory) -> None:
    done: list[str] = []
    together = threading.Barrier(10)

    def task(report: work.Report, so_far: Any) -> str:
        done.append("here it is")
        time.sleep(0.1)
        return done[-1]

    def ask(_: int) -> str | None:
        together.wait(10)
        return work.run("the same", task, kept)

    with ThreadPoolExecutor(10) as pool:
        assert set(pool.map(ask, range(10))) == {"here it is"}
    assert len(done) == 1


def test_other_work_does_not_wait(kept: cache.Memory) -> None:
    def outer(report: work.Report, so_far: Any) -> str | None:
        return work.run("another", lambda report, so_far: "inner", kept)

    assert work.run("one", outer, kept) == "inner"


def test_work_left_by_a_click_is_taken_over_where_it_was_left(kept: cache.Memory) -> None:
    given: list[Any] = []

    def left(report: work.Report, so_far: Any) -> str:
        report(0.5, "Half of it", "a half")
        raise Click

    def taken_over(report: work.Report, so_far: Any) -> str:
        given.append(so_far)
        return "whole"

    with pytest.raises(Click):
        work.run("left", left, kept)
    assert work.run("left", taken_over, kept) == "whole"
    assert given == ["a half"]
    assert cache.unfinished.get("left") is None


def test_who_waits_sees_how_far_it_is_and_can_leave(
    kept: cache.Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[float] = []
    at_work, waited = threading.Event(), threading.Event()

    class Place:
        def progress(self, share: float, words: str) -> None:
            seen.append(share)
            raise Click

        def empty(self) -> None:
            pass

    def slow(report: work.Report, so_far: Any) -> str:
        time.sleep(0.15)
        report(0.4, "Slow")
        at_work.set()
        assert waited.wait(10)
        return "done"

    monkeypatch.setattr(st, "empty", Place)
    with ThreadPoolExecutor(1) as pool:
        worker = pool.submit(work.run, "slow", slow, kept)
        assert at_work.wait(10)
        with pytest.raises(Click):
            work.run("slow", slow, kept)
        waited.set()
        assert worker.result(10) == "done"
    assert seen == [0.4]


@pytest.mark.parametrize(("session", "ends"), [("still there", False), ("gone", True)])
def test_work_whose_visitor_has_left_ends_at_its_next_report(
    session: str, ends: bool, kept: cache.Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop() -> None:
        raise Click

    def task(report: work.Report, so_far: Any) -> str:
        time.sleep(0.15)
        report(0.5, "Half of it")
        return "done"

    server = SimpleNamespace(is_active_session=lambda session: session == "still there")
    monkeypatch.setattr(work.runtime, "exists", lambda: True)
    monkeypatch.setattr(work.runtime, "get_instance", lambda: server)
    monkeypatch.setattr(work, "get_script_run_ctx", lambda: SimpleNamespace(session_id=session))
    monkeypatch.setattr(st, "stop", stop)
    if ends:
        with pytest.raises(Click):
            work.run("theirs", task, kept)
    else:
        assert work.run("theirs", task, kept) == "done"
