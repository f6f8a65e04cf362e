"""Work that several visitors want at once is done once, and waiting for it can be left."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from types import SimpleNamespace

import pytest
import streamlit as st

from attnlit.app import turns


def test_ten_who_ask_at_once_share_one_work() -> None:
    done: list[str] = []
    together = threading.Barrier(10)

    def ask(_: int) -> str:
        together.wait(10)
        with turns.one_at_a_time("the same"):
            if not done:
                done.append("here it is")
            return done[-1]

    with ThreadPoolExecutor(10) as pool:
        assert set(pool.map(ask, range(10))) == {"here it is"}
    assert len(done) == 1


def test_other_work_does_not_wait() -> None:
    with turns.one_at_a_time("one"), turns.one_at_a_time("another"):
        pass


def test_work_left_by_a_click_is_taken_over_and_nothing_stays_behind() -> None:
    class Click(BaseException):
        """As Streamlit ends a run."""

    with suppress(Click), turns.one_at_a_time("left"):
        raise Click
    with turns.one_at_a_time("left"):
        pass
    assert "left" not in turns._turns


def test_who_waits_sees_how_far_it_is_and_can_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[float] = []

    class Click(BaseException):
        """As Streamlit ends a run."""

    class Place:
        def progress(self, share: float, words: str) -> None:
            seen.append(share)
            raise Click

    monkeypatch.setattr(st, "empty", Place)

    def wait() -> None:
        with turns.one_at_a_time("slow"):
            raise AssertionError("it was not free")

    with turns.one_at_a_time("slow"), ThreadPoolExecutor(1) as pool:
        turns.report_progress(0.4)
        with pytest.raises(Click):
            pool.submit(wait).result(10)
    assert seen == [0.4]


def test_work_whose_visitor_has_left_ends_at_its_next_report(monkeypatch: pytest.MonkeyPatch) -> None:
    server = SimpleNamespace(is_active_session=lambda session: session == "still there")
    monkeypatch.setattr(turns.runtime, "exists", lambda: True)
    monkeypatch.setattr(turns.runtime, "get_instance", lambda: server)
    for session, ends in (("still there", False), ("gone", True)):
        monkeypatch.setattr(
            turns, "get_script_run_ctx", lambda session=session: SimpleNamespace(session_id=session)
        )
        stopped: list[bool] = []
        monkeypatch.setattr(st, "stop", lambda stopped=stopped: stopped.append(True))
        with turns.one_at_a_time("work"):
            turns.report_progress(0.5)
        assert bool(stopped) == ends
