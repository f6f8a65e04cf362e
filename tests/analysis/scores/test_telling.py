"""The head that a picture begins with: the plainest one, and the word that shows it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from attnlit.analysis.scores import looking_head, telling_head, telling_query
from attnlit.attention.record import Attention
from tests.analysis.scores.hand_made import CAUSAL_UNIFORM, FIRST, record

WORDS = [(f"w{place}", 0) for place in range(12)]


def previous(share: float) -> np.ndarray:
    """A causal head that gives so much to the token before, and the rest to the first."""
    back = np.zeros((12, 12))
    back[0, 0] = 1
    for query in range(1, 12):
        back[query, query - 1] += share
        back[query, 0] += 1 - share
    return back


def layers(*heads: np.ndarray) -> np.ndarray:
    """One head a layer: float32 (layers, 1, 12, 12)."""
    return np.stack(heads)[:, None].astype(np.float32)


def first(count: int) -> np.ndarray:
    return np.eye(count)[[0] * count]


def even(count: int) -> np.ndarray:
    return np.tril(np.ones((count, count))) / np.arange(1, count + 1)[:, None]


def causal(*heads: np.ndarray) -> Attention:
    return record(layers(*heads), WORDS, causal=True)


def test_the_head_that_exceeds_its_threshold_most_is_shown_and_not_one_that_rests() -> None:
    assert telling_head(causal(even(12), first(12), previous(0.6), previous(0.8))) == (3, 0)


def test_a_head_that_looks_at_itself_is_not_shown_first_either() -> None:
    assert telling_head(causal(np.eye(12), previous(0.6), first(12))) == (1, 0)
    assert telling_head(causal(first(12), np.eye(12)), "current") == (1, 0)


def test_a_score_may_be_named() -> None:
    assert telling_head(causal(even(12), first(12), previous(0.8)), "first") == (1, 0)


def test_a_text_without_anything_to_score_begins_in_the_middle() -> None:
    short = record(np.stack([CAUSAL_UNIFORM, FIRST, FIRST])[:, None], WORDS[:6], causal=True)
    assert telling_head(short) == (1, 0)


def test_the_head_in_which_one_word_looks_at_another() -> None:
    assert looking_head(causal(even(12), previous(0.8), previous(0.6)), query=5, key=4) == (1, 0)


def test_the_word_that_looks_hardest_at_another_shows_a_head() -> None:
    head = even(12)
    head[7] = np.eye(12)[3]
    head[9] = np.eye(12)[9]  # at itself
    head[11] = np.eye(12)[0]  # at the first token
    assert telling_query(causal(head), 0, 0) == 7
    assert telling_query(causal(first(12)), 0, 0) == 11  # no word looks at another: the last


def test_an_induction_head_is_shown_by_a_word_that_was_there_before() -> None:
    head = first(12)
    head[5] = np.eye(12)[4]  # harder than any, but no induction
    head[8] = 0.8 * np.eye(12)[4] + 0.2 * np.eye(12)[0]
    words = [("the" if place in (3, 8) else text, 0) for place, (text, _) in enumerate(WORDS)]
    assert telling_query(record(layers(head), words, causal=True), 0, 0) == 8
    assert telling_query(causal(head), 0, 0) == 5  # nothing comes twice


def test_a_piece_of_a_word_shows_a_head_only_where_no_whole_word_does() -> None:
    head = even(12)
    head[7], head[9] = np.eye(12)[3], 0.9 * np.eye(12)[5] + 0.1 * np.eye(12)[0]
    record = causal(head)
    words = [0, 1, 2, 3, 4, 5, 6, 7, 7, 8, 9, 10]  # the tokens 7 and 8 are one word

    def cut(words: list[int]) -> Attention:
        tokens = tuple(replace(token, word=word) for token, word in zip(record.keys, words, strict=True))
        return replace(record, queries=tokens, keys=tokens)

    assert telling_query(record, 0, 0) == 7
    assert telling_query(cut(words), 0, 0) == 9
    assert telling_query(cut([place // 2 for place in range(12)]), 0, 0) == 7  # there is no whole word
