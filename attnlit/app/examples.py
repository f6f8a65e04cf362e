"""The examples on the home page. Which head each shows is looked up in the model, not written down here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from attnlit.app import cache

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Example:
    """A text worth looking at, and the score by which its head is found."""

    title: str
    says: str
    page: str
    icon: str
    model: str
    text: str
    pair: str = ""
    score: str = ""  # a column of `head_roles`; the head that scores most is shown


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
        "She opened the letter, read it slowly, and put it in the fire.", score="first",
    ),
    "pronoun": Example(
        "She or he", "Whom does the pronoun look at: the doctor or the nurse? Change She to He and compare.",
        "model_view", ":material/balance:", "mini-gpt2",
        "The doctor asked the nurse a question. She",
    ),
    "inside": Example(
        "Inside one look", "Follow one weight from query and key, dimension by dimension, to the softmax.",
        "neuron_view", ":material/neurology:", "mini-gpt2",
        "The old sailor told the children a story about a ship that never came home.", score="previous",
    ),
}  # fmt: skip


def choices(example: Example) -> dict[str, Any]:
    """What a visitor would have chosen in the sidebar to see this example."""
    layer, head = strongest_head(example)
    return {
        "model": example.model,
        "text": example.text,
        "pair": example.pair,
        "layer": layer,
        "head": head,
        "heads": [head] if example.score else [],
        "filter": "All",
    }


def strongest_head(example: Example) -> tuple[int, int]:
    """(layer, head) that scores most on the example's own text; the first head where it has no score."""
    from attnlit.analysis.scores import head_roles

    if not example.score:
        return 0, 0
    record = cache.attention(cache.load_model(example.model), example.text, example.pair)["self"]
    table: pd.DataFrame = head_roles(record)
    best = table.loc[table[example.score].idxmax()]
    return int(best["layer"]), int(best["head"])
