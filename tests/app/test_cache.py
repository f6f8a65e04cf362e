"""What the sessions share is bounded, and freed."""

from __future__ import annotations

import copy
import dataclasses
import gc
import shutil
import threading
import weakref
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

import attnlit
import attnlit.attention
from attnlit.app import cache
from attnlit.charts.model import drawn
from attnlit.errors import AttnlitError
from tests.bundled import bundled
from tests.tolerances import MISTAKE, ROUNDING


def test_a_record_is_freed_when_the_cache_lets_go_of_it() -> None:
    model = bundled("mini-bert")
    record = weakref.ref(cache.attention(model, "The cat sat.", "The dog lay.")["self"])
    for sentences in ("All", "A→B"):
        for special in (False, True):
            cache.filtered(
                model, "The cat sat.", "The dog lay.", "self", cache.Filters(sentences, False, special)
            )
    cache.records.clear()
    cache.filtered_records.clear()
    gc.collect()
    assert record() is None


def test_the_same_text_is_read_once_by_many_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    model = bundled("mini-bert")
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
    model = bundled("mini-bert")
    whole = cache.attention(model, "The cat sat.", "The dog lay.")["self"]
    part = cache.filtered(model, "The cat sat.", "The dog lay.", "self", cache.Filters("A→B"))
    assert part.weights.size < whole.weights.size
    assert cache.weight(part) >= whole.weights.nbytes


def test_different_texts_are_read_side_by_side_and_hits_wait_for_neither(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = bundled("mini-bert")
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
    model = bundled("mini-bert")
    for _ in range(2):
        with pytest.raises(AttnlitError):
            cache.attention(model, "", "")


def test_a_memory_keeps_what_was_used_last_and_no_more_than_its_bound() -> None:
    memory = cache.Memory(lambda: 1000)
    for number in range(10):
        memory.put(number, np.zeros(300, np.uint8))
        memory.get(0)
    assert [number for number in range(10) if memory.get(number) is not None] == [0, 8, 9]
    assert 900 < memory.weighs <= 1000


def test_a_long_text_weighs_as_a_key_too() -> None:
    memory = cache.Memory(lambda: 1000)
    for number in range(10):
        memory.put((number, f"{number}" * 600), ())
    assert [number for number in range(10) if memory.get((number, f"{number}" * 600)) is not None] == [9]


def test_something_larger_than_its_memory_is_kept_alone() -> None:
    """Refused, it would be made anew, a whole forward pass, for every click on its picture."""
    memory, made = cache.Memory(lambda: 1000), []
    memory.put("small", np.zeros(10, np.uint8))

    def make() -> np.ndarray:
        made.append(1)
        return np.zeros(5000, np.uint8)

    assert memory.find("huge", make) is memory.find("huge", make)
    assert made == [1]
    assert memory.get("small") is None


def test_everything_that_is_kept_is_weighed_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    shared = [memory for memory in cache.ALL if memory is not cache.models]
    monkeypatch.setenv("ATTNLIT_CACHE_MB", "1")
    for memory in shared:
        memory.clear()
        for number in range(20):  # twice as much as all may keep together
            memory.put(number, {"values": np.zeros(2**14), "table": pd.DataFrame({"x": np.zeros(10)})})
    assert sum(memory.weighs for memory in shared) <= 2**20
    assert sum(memory.bound() for memory in shared) + cache.thumbnails_weigh() == pytest.approx(2**20)
    for memory in shared:
        assert memory.weighs > 0
        memory.clear()


def test_thumbnails_have_a_part_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """The charts keep them; how many bytes they may take is the app's to say."""
    monkeypatch.setattr(drawn, "most_bytes", drawn.most_bytes)
    monkeypatch.setenv("ATTNLIT_CACHE_MB", "50")
    cache.filtered(bundled("mini-bert"), "The cat sat.", "", "self", cache.Filters(whole_words=True))
    assert drawn.most_bytes == int(cache.thumbnails_weigh()) < 5 * 2**20


def test_a_slice_weighs_as_much_as_the_array_that_it_keeps_alive_and_shared_arrays_count_once() -> None:
    whole = np.zeros(1000)
    assert cache.weight(whole[:10]) == 8000
    assert cache.weight([whole, whole[:10], {"again": whole}]) < 8200
    tensor = torch.zeros(1000)
    assert cache.weight(tensor.numpy()[:10]) == 4000


def test_a_wrong_setting_is_said_where_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTNLIT_CACHE_MB", "much")
    memory = cache.records
    memory.clear()
    with pytest.raises(AttnlitError, match="ATTNLIT_CACHE_MB must be a whole number"):
        cache.attention(bundled("mini-bert"), "Some text.", "")
    monkeypatch.setenv("ATTNLIT_CACHE_MB", "8")
    assert cache.attention(bundled("mini-bert"), "Some text.", "")
    memory.clear()


def test_a_folder_that_was_saved_anew_is_opened_anew(
    tmp_path: Path, tiny_folder: Callable[[str], Path]
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_folder("gpt2"), folder)
    first = cache.load_model(str(folder))
    assert cache.load_model(str(folder)) is first
    before = cache.attention(first, "The cat sat.", "")["self"]
    module = copy.deepcopy(first.module)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.mul_(1.5)
    module.save_pretrained(folder)
    second = cache.load_model(str(folder))
    assert second is not first
    after = cache.attention(second, "The cat sat.", "")["self"]
    assert np.abs(after.weights - before.weights).max() > MISTAKE


def test_filters_go_together() -> None:
    model = bundled("mini-bert")
    texts = ("Unbelievable violinists.", "The violinists lay.")
    words = cache.filtered(model, *texts, "self", cache.Filters(whole_words=True))
    assert words.query_tokens[1:3] == ["Unbelievable", "violinists"]
    everything = cache.Filters(whole_words=True, without_special=True, rescaled=True)
    rescaled = cache.filtered(model, *texts, "self", everything)
    assert not any(token.special for token in rescaled.keys)
    np.testing.assert_allclose(rescaled.weights.sum(-1), 1, atol=ROUNDING)
    one_way = cache.filtered(model, *texts, "self", dataclasses.replace(everything, sentences="A→B"))
    across = rescaled.weights[:, :, :3, 3:]  # a slice of the rescaled rows, not rescaled again
    np.testing.assert_array_equal(one_way.weights, across)
