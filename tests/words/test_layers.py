"""What is said of a layer that does not see the whole text."""

from __future__ import annotations

from attnlit.words.layers import reach_in_words


def test_a_window_and_a_chunk_are_said_in_tokens() -> None:
    assert reach_in_words("sliding window 512", True) == "this layer sees only the last 512 tokens"
    assert reach_in_words("sliding window 64", False) == "this layer sees 64 tokens each way"
    assert "chunk of 8,192 tokens" in reach_in_words("chunk 8192", True)
    assert "at most 2,048 tokens" in reach_in_words("chosen keys 2048", True)
    assert reach_in_words("attention", True) == ""
