"""What the sessions share is bounded, and freed."""

from __future__ import annotations

import dataclasses
import gc
import threading
import weakref
from types import SimpleNamespace

import numpy as np
import pytest

import attnlit
import attnlit.attention
from attnlit.app import cache
from attnlit.errors import AttnlitError


def test_a_record_is_freed_when_the_cache_lets_go_of_it() -> None:
    model = attnlit.load("mini-bert")
    record = weakref.ref(cache.attention(model, "The cat sat.", "The dog lay.")["self"])
    for sentences in ("All", "A→B"):
        for special in (False, True):
            cache.filtered(
                model, "The cat sat.", "The dog lay.", "self", cache.Filters(sentences, False, special)
            )
    cache.attention.cache.clear()
    cache.filtered.cache.clear()
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
    part = cache.filtered(model, "The cat sat.", "The dog lay.", "self", cache.Filters("A→B"))
    assert part.weights.size < whole.weights.size
    assert cache._megabytes_held(part) * 2**20 >= whole.weights.nbytes


def test_different_texts_are_read_side_by_side_and_hits_wait_for_neither(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = attnlit.load("mini-bert")
    seen_before = cache.attention(model, "Seen before.", "")
    both_are_read = threading.Barrier(3, timeout=30)
    may_end = threading.Event()
    attend_all = attnlit.attention.attend_all

    def slow(*arguments: object) -> object:
        both_are_read.wait()
        assert may_end.wait(30)
        return attend_all(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(attnlit.attention, "attend_all", slow)
    texts = ("One slow text.", "Another slow text.")
    threads = [threading.Thread(target=cache.attention, args=(model, text, "")) for text in texts]
    for thread in threads:
        thread.start()
    both_are_read.wait()  # breaks if one of them waits for the other
    assert cache.attention(model, "Seen before.", "") is seen_before
    may_end.set()
    for thread in threads:
        thread.join()


def test_a_text_that_cannot_be_read_keeps_nobody_waiting() -> None:
    model = attnlit.load("mini-bert")
    for _ in range(2):
        with pytest.raises(AttnlitError):
            cache.attention(model, "", "")


def test_a_record_larger_than_its_cache_is_kept_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    model = attnlit.load("mini-bert")
    small = cache.attention(model, "A small one.", "")
    record = small["self"]
    huge = SimpleNamespace(nbytes=10 * int(cache._HALF) * 2**20)
    monkeypatch.setattr(attnlit.attention, "attend_all", lambda *_: {"self": huge})
    assert cache.attention(model, "A huge one.", "") is cache.attention(model, "A huge one.", "")
    assert cache.attention(model, "A huge one.", "")["self"] is huge
    assert [*cache.attention.cache.values()] == [{"self": huge}]
    assert cache._megabytes({"self": record}) < cache._HALF
    cache.attention.cache.clear()


def test_filters_go_together() -> None:
    model = attnlit.load("mini-bert")
    texts = ("Unbelievable violinists.", "The violinists lay.")
    words = cache.filtered(model, *texts, "self", cache.Filters(whole_words=True))
    assert words.query_tokens[1:3] == ["Unbelievable", "violinists"]
    everything = cache.Filters(whole_words=True, without_special=True, rescaled=True)
    rescaled = cache.filtered(model, *texts, "self", everything)
    assert not any(token.special for token in rescaled.keys)
    np.testing.assert_allclose(rescaled.weights.sum(-1), 1, atol=1e-5)
    one_way = cache.filtered(model, *texts, "self", dataclasses.replace(everything, sentences="A→B"))
    across = rescaled.weights[:, :, :3, 3:]  # a slice of the rescaled rows, not rescaled again
    np.testing.assert_array_equal(one_way.weights, across)
