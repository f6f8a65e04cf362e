"""Which words a head helps with, in sentences (Markdown)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from attnlit.wording import counted, number_text
from attnlit.words.names import token_name

if TYPE_CHECKING:
    from attnlit.analysis.word_loss import WordLoss

NAMED = 3  # words in a list, at most
WORTH_NAMING = 0.1  # nats: less of a change is not named

ABOUT = (
    "The **loss** of a word says how surprised the model is by it, in nats: −log of the probability that it "
    "gave the word. The head helps with blue words; the model predicts orange ones better without it. What "
    "is never predicted, such as the first token, has no colour."
)


def loss_in_words(found: WordLoss) -> list[str]:
    """How much the text costs without the heads, and which words it is that change."""
    rise = found.rise
    known = np.flatnonzero(np.isfinite(rise))
    on, off = float(found.on[known].mean()), float(found.off[known].mean())
    names = ", ".join(f"{layer}-{head}" for layer, head in found.heads)
    heads = f"head{'s' * (len(found.heads) > 1)} {names}"
    sentences = [
        f"Without {heads}, the mean loss of a word of this text is **{off:.2f}** nats instead of "
        f"**{on:.2f}**, over {counted(len(known), 'token')}."
    ]
    order = known[np.argsort(-rise[known], kind="stable")].tolist()
    helped = [place for place in order if rise[place] >= WORTH_NAMING]
    hindered = [place for place in reversed(order) if rise[place] <= -WORTH_NAMING]
    if helped:
        sentences.append(f"It helps most with {_list(found, helped)}.")
    if hindered:
        sentences.append(f"Predicted better without: {_list(found, hindered)}.")
    if not helped and not hindered:
        sentences.append(f"No word changes by {WORTH_NAMING} nats or more.")
    return sentences


def _list(found: WordLoss, places: list[int]) -> str:
    rise = found.rise
    return ", ".join(
        f"{token_name(found.tokens, each)} ({number_text(rise[each])})" for each in places[:NAMED]
    )
