"""What the sessions share is bounded, and freed."""

from __future__ import annotations

import gc
import threading
import weakref

import pytest

import attnlit
import attnlit.attention
from attnlit.app import cache


def test_a_record_is_freed_when_the_cache_lets_go_of_it() -> None:
    model = attnlit.load("mini-bert")
    record = weakref.ref(cache.attention(model, "The cat sat.", "The dog lay.")["self"])
    for sentences in ("All", "A→B"):
        for special in (False, True):
            cache.part(model, "The cat sat.", "The dog lay.", "self", sentences, special)
    cache.attention.cache.clear()
    cache.part.cache.clear()
    gc.collect()
    assert record() is None


def test_the_same_text_is_read_once_by_many_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    model = attnlit.load("mini-bert")
    reads: list[str] = []
    attend_all = attnlit.attention.attend_all

    def counting(*arguments: object) -> object:
        reads.append(threading.current_thread().name)
        return attend_all(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(attnlit.attention, "attend_all", counting)
    threads = [
        threading.Thread(target=cache.attention, args=(model, "Thirty students open this.", ""))
        for _ in range(30)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(reads) == 1


def test_records_are_weighed_with_what_they_keep_alive() -> None:
    model = attnlit.load("mini-bert")
    whole = cache.attention(model, "The cat sat.", "The dog lay.")["self"]
    part = cache.part(model, "The cat sat.", "The dog lay.", "self", "A→B", False)
    assert part.weights.size < whole.weights.size
    assert cache._megabytes_held(part) * 2**20 >= whole.weights.nbytes
