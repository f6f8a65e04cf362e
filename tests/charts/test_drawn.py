"""What was drawn is kept within so many bytes, and no longer than its record."""

from __future__ import annotations

import gc
import threading

import numpy as np
import pyarrow as pa

from attnlit.charts.drawn import Drawn
from tests.records import vectors_record


def tables(kilobytes: int) -> dict[str, pa.Table]:
    return {"strips": pa.table({"bytes": np.zeros(kilobytes * 1024, np.uint8)})}


def test_what_is_kept_is_not_drawn_again() -> None:
    drawn, attention = Drawn(10 * 1024), vectors_record()
    first = drawn.get(attention, "a", lambda: tables(1))
    assert drawn.get(attention, "a", lambda: tables(2)) is first
    assert drawn.get(attention, "b", lambda: tables(1)) is not first
    assert drawn.get(vectors_record(), "a", lambda: tables(1)) is not first


def test_beyond_the_limit_what_was_asked_for_longest_ago_goes() -> None:
    drawn, attention = Drawn(3 * 1024), vectors_record()
    for what in "abc":
        drawn.get(attention, what, lambda: tables(1))
    drawn.get(attention, "a", lambda: tables(1))
    drawn.get(attention, "d", lambda: tables(1))
    assert drawn.nbytes == 3 * 1024
    again: list[str] = []
    for what in "acd":
        drawn.get(attention, what, lambda what=what: again.append(what) or tables(1))
    assert again == []
    drawn.get(attention, "b", lambda: again.append("b") or tables(1))
    assert again == ["b"]


def test_a_lower_limit_holds_at_once_and_what_is_larger_is_not_kept() -> None:
    drawn, attention = Drawn(10 * 1024), vectors_record()
    for what in "abc":
        drawn.get(attention, what, lambda: tables(2))
    drawn.most_bytes = 5 * 1024
    assert (len(drawn), drawn.nbytes) == (2, 4 * 1024)
    large = drawn.get(attention, "large", lambda: tables(6))
    assert large["strips"].nbytes == 6 * 1024
    assert drawn.nbytes <= 5 * 1024


def test_a_record_that_ends_takes_along_what_was_drawn_of_it() -> None:
    drawn, stays, goes = Drawn(10 * 1024), vectors_record(), vectors_record()
    for attention in (stays, goes):
        for what in "ab":
            drawn.get(attention, what, lambda: tables(1))
    del goes, attention
    gc.collect()
    assert len(drawn) == 2


def test_many_threads_may_draw_at_once() -> None:
    drawn, attention = Drawn(5 * 1024), vectors_record()
    threads = [
        threading.Thread(
            target=lambda: [drawn.get(attention, place % 7, lambda: tables(1)) for place in range(200)]
        )
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert drawn.nbytes == 5 * 1024
