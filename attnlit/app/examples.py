"""The examples on the home page. Which head each shows is looked up in the model, not written down here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attnlit.attention import Attention


@dataclass(frozen=True)
class Example:
    """A text worth looking at, and how its head is found."""

    title: str
    says: str
    page: str
    icon: str
    model: str
    text: str
    pair: str = ""
    # A column of `head_roles`: the head that scores most is shown.
    score: str = ""
    # Two of its tokens: the head in which the first looks most at the second is shown.
    look: tuple[str, str] | tuple[()] = ()


EXAMPLES = {
    "previous": Example(
        "One step back", "Some heads do a single plain job: every word looks at the word before it.",
        "head_view", ":material/undo:", "mini-gpt2",
        "The old sailor told the children a story about a ship that never came home.", score="previous",
    ),
    "induction": Example(
        "Said twice", "When a phrase returns, a head may look for what came next the first time.",
        "head_view", ":material/repeat:", "mini-gpt2",
        "Mr. Dursby met Miss Harlow at the gate. Later Mr. Dursby met Miss Harlow at the gate",
        score="induction",
    ),
    "twins": Example(
        "The same word", "A head of BERT, which looks both ways: it finds one sentence's words in the other.",
        "head_view", ":material/compare_arrows:", "mini-bert",
        "The cat sat on the mat by the door.", "At night the cat left the mat.", score="same_other_sentence",
    ),
    "resting": Example(
        "On the first token", "Many heads rest on the first token, whatever the words are. Spot the stripes.",
        "model_view", ":material/anchor:", "mini-gpt2",
        "She opened the letter, read it slowly, and put it in the", score="first",
    ),
    "pronoun": Example(
        "She or he", "Whom does the pronoun look at: the doctor or the nurse? Change She to He and compare.",
        "model_view", ":material/balance:", "mini-gpt2",
        "The doctor asked the nurse a question. She", look=("She", "nurse"),
    ),
    "inside": Example(
        "Inside one look", "Follow one weight from query and key, dimension by dimension, to the softmax.",
        "neuron_view", ":material/neurology:", "mini-gpt2",
        "The old sailor told the children a story about a ship that never came home.", score="previous",
    ),
}  # fmt: skip


def where(example: Example | None, attention: Attention) -> tuple[int, int, int]:
    """(layer, head, index of the query token) at which a text is shown: an example's, or the most telling."""
    from attnlit.analysis.scores import looking_head, telling_head, telling_query

    if example is not None and example.look:
        query, key = (attention.query_tokens.index(word) for word in example.look)
        return (*looking_head(attention, query, key), query)
    layer, head = telling_head(attention, example.score if example else "")
    return layer, head, telling_query(attention, layer, head)
