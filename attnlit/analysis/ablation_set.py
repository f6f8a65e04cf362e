"""Which heads must be off for another word to win: a small set of heads, found step by step.

A search, not a proof: each step switches off the head whose loss helps the word most, measured again with all
the earlier ones off, as in the greedy searches for circuits (Conmy et al. 2023, arXiv 2304.14997). Then every
head that is not needed after all is put back. A smaller set may exist that no single step leads to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from attnlit.analysis.ablation import check_how, head_off
from attnlit.analysis.patching.prompts import PromptText, check_model, single_word
from attnlit.analysis.predict import in_batches, log_probabilities
from attnlit.attention.edits import Edit, check_editable, freeze_patterns
from attnlit.attention.given import check_function, check_text, checked_number, checked_pairs
from attnlit.attention.recorder import Recorder
from attnlit.attention.vocabulary import vocabulary_texts
from attnlit.models.layers import heads_in_order
from attnlit.wording import InOneLine, quoted

if TYPE_CHECKING:
    import pandas as pd

    from attnlit.models.model import Model

Head = tuple[int, int]  # layer, head
Progress = Callable[[float, tuple[Head, ...]], None]
MOST = 10  # heads that go at most
DRAWS = 20  # random sets of the same size
_SEED = 0


@dataclass(frozen=True, eq=False, repr=False)
class AblationSet(InOneLine):
    """The heads without which a word wins, and what random heads do in their place."""

    word: str
    # The word that the model finds likeliest with every head on.
    likeliest: str
    how: str
    # None of them can be put back; empty where the word wins with every head on.
    heads: tuple[Head, ...]
    wins: bool
    # A row a step: `heads` that are off, `layer` and `head` that went last, `probability` of the word, its
    # `lead` over the best other word (log of the ratio of their probabilities), and the `likeliest` word.
    # The first row is the whole model.
    steps: pd.DataFrame
    # The word's lead with as many random heads off, float64 (draws,); empty where no head went.
    random: np.ndarray

    def _said(self) -> str:
        off = ", ".join(f"{layer}-{head}" for layer, head in self.heads) or "no head"
        return f"{quoted(self.word)} {'wins' if self.wins else 'does not win'} with {off} off ({self.how})"

    def _shown_table(self) -> pd.DataFrame:
        return self.steps

    @property
    def random_wins(self) -> int:
        """In how many of the random sets the word wins."""
        return int((self.random > 0).sum())


def ablation_set(
    model: Model,
    text: str,
    word: str,
    *,
    how: str = "zero",
    most: int = MOST,
    begin_with: Sequence[Head] = (),
    progress: Progress | None = None,
) -> AblationSet:
    """Switches heads off, one after another, until the word is the likeliest to come next, or at the [MASK].

    how: as in `attnlit.switch_off`. most: switch off at most this many heads. begin_with: heads that are off
    from the start, such as those that an earlier search has reached. progress(share done, heads off so far)
    is called after each forward pass; an exception that it raises ends the search.
    Raises AttnlitError for a word that is not a single token, for models that predict no next or masked word,
    and for models whose attention cannot be changed.
    """
    check_how(how)
    check_word(model, text, word)
    check_function(progress, "progress")
    most = checked_number(most, "most", 0)
    off = tuple(checked_pairs(begin_with))
    search = _Search.of(model, text, word, how)
    every = search.every
    rows = [search.row(off[:count]) for count in range(len(off) + 1)]
    while rows[-1]["lead"] <= 0 and len(off) < min(most, len(every)):
        left = [head for head in every if head not in off]

        def told(done: int, off: tuple[Head, ...] = off, of: int = len(left)) -> None:
            if progress is not None:
                progress((len(off) + done / of) / most, off)

        leads = search.leads([(*off, head) for head in left], told)
        off = (*off, left[int(np.argmax(leads))])
        rows.append(search.row(off))
    wins = rows[-1]["lead"] > 0
    kept = search.needed(off) if wins else off
    if kept != off:
        rows.append(search.row(kept))
    return search.result(kept, wins, rows)


def check_word(model: Model, text: str, word: str) -> None:
    """Raises AttnlitError, in words, where `ablation_set` would, but for `how`. No model runs."""
    check_model(model)
    check_editable(model)
    check_text(text, "text")
    check_text(word, "word")
    single_word(model, text, word)


@dataclass(frozen=True, eq=False)
class _Search:
    """One text and one word, asked again and again with other heads off."""

    model: Model
    read: PromptText
    word: str
    token: int
    how: str
    weights: dict[str, np.ndarray]

    @classmethod
    def of(cls, model: Model, text: str, word: str, how: str) -> _Search:
        read = single_word(model, text, word)
        recorder = Recorder(model.sites)
        log_probabilities(model, read.inputs, read.places, recorder=recorder)
        return cls(model, read, word, read.tokens[0][0], how, recorder.weights)

    @property
    def every(self) -> list[Head]:
        return heads_in_order(self.model.layer_numbers, self.model.heads)

    def leads(
        self, sets: Sequence[Sequence[Head]], progress: Callable[[int], None] | None = None
    ) -> np.ndarray:
        """The word's lead with each of these sets of heads off: float64 (sets,)."""
        found: list[float] = []
        for logs in self._predictions(sets):
            found += [self._lead(each) for each in logs]
            if progress is not None:
                progress(len(found))
        return np.array(found)

    def row(self, off: Sequence[Head]) -> dict[str, Any]:
        """What is known once these heads are off."""
        logs = next(iter(self._predictions([off])))[0]
        best = vocabulary_texts(self.model.tokenizer, [int(logs.argmax())])[0]
        layer, head = off[-1] if off else (None, None)
        return {
            "heads": len(off),
            "layer": layer,
            "head": head,
            "probability": float(np.exp(logs[self.token])),
            "lead": self._lead(logs),
            "likeliest": best,
        }

    def needed(self, off: tuple[Head, ...]) -> tuple[Head, ...]:
        """Without those that can be put back, one after another, so that the word still wins."""
        for head in off:
            fewer = tuple(each for each in off if each != head)
            if self.leads([fewer])[0] > 0:
                return self.needed(fewer)
        return off

    def result(self, off: tuple[Head, ...], wins: bool, rows: list[dict[str, Any]]) -> AblationSet:
        import pandas as pd

        random = np.random.default_rng(_SEED)
        every = self.every
        draws = [
            [every[place] for place in random.choice(len(every), len(off), replace=False)]
            for _ in range(DRAWS if off else 0)
        ]
        steps = pd.DataFrame(rows).astype({"layer": "Int64", "head": "Int64"})
        return AblationSet(
            self.word, str(rows[0]["likeliest"]), self.how, off, bool(wins), steps, self.leads(draws)
        )

    def _predictions(self, sets: Sequence[Sequence[Head]]) -> Iterator[np.ndarray]:
        """Log probabilities of all words with each of these sets of heads off: (copies, words) a pass."""
        kept = freeze_patterns(self.model, self.weights) if self.how == "pattern-preserving" else []
        variants: list[list[Edit]] = [
            [head_off("self", layer, head, self.how) for layer, head in off] for off in sets
        ]
        for logs in in_batches(
            self.model, self.read.inputs, self.read.places, variants, self.weights, always=kept
        ):
            yield logs[:, 0]  # (copies, words)

    def _lead(self, logs: np.ndarray) -> float:
        """How much likelier the word is than the best other one, as a logarithm. logs: (words,)"""
        others = np.delete(logs, self.token)
        return float(logs[self.token] - others.max())
