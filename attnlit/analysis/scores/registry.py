"""Every score of a head, once: what it is called, what it is computed from, and the role that it names.

The sums over many texts, the table, the colours of the map, the roles and the documentation are derived from
this list. To add a score, add an entry, and its function to the file of its family.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attnlit.analysis.scores import positions, repeated, spread, succession, tokens, written
from attnlit.analysis.scores.evidence import Evidence
from attnlit.analysis.scores.positions import REACH
from attnlit.analysis.scores.score import IN_ORDER, NATS, RANDOM, SIGNED, TOKENS, Role, Score


def _within(evidence: Evidence) -> bool:
    return evidence.within


def _looks_ahead(evidence: Evidence) -> bool:
    return evidence.within and not evidence.causal


def _looks_back(evidence: Evidence) -> bool:
    return evidence.within and evidence.causal


def _but_one(evidence: Evidence) -> int:
    return evidence.queries - 1


def _one(evidence: Evidence) -> int:
    return 1


def _copying(evidence: Evidence) -> np.ndarray:
    assert evidence.logits is not None  # it applies only then
    return repeated.copying(evidence.logits)


def _suppressing(evidence: Evidence) -> np.ndarray:
    assert evidence.logits is not None  # it applies only then
    return repeated.suppressing(evidence.logits)


def _successor(evidence: Evidence) -> np.ndarray:
    assert evidence.in_order is not None  # it applies only then
    return succession.successor(evidence.in_order.logits, evidence.in_order.has_next)


def _successor_random(evidence: Evidence) -> np.ndarray:
    assert evidence.logits is not None  # it applies only then
    return succession.successor(evidence.logits, np.arange(evidence.logits.shape[-1]) < _steps(evidence))


def _steps(evidence: Evidence) -> int:
    """From one of the random words to the next that was drawn: the last has none."""
    return 0 if evidence.logits is None else evidence.logits.shape[-1] - 1


def _inactive(evidence: Evidence) -> np.ndarray:
    assert evidence.lengths is not None  # it applies only then
    return written.inactive(evidence.lengths)


def _shape(name: str) -> Callable[[Evidence], np.ndarray]:
    return lambda evidence: evidence.shapes[name].astype(np.float64)


_CLARK = "Clark et al. 2019 (arXiv 1906.04341)"
_AGAIN = "where a token has occurred before"
# A head rests on the first token, or is an attention sink, from this mean attention to it on. Whether such a
# head is idle, adds a constant or works, its weights do not tell.
RESTS = Role(
    "first-token head (attention sink)", 0.3, "the first token", "Gu et al. 2024 (arXiv 2410.10781)", rank=2
)
SCORES = (
    Score(
        "previous", "Previous token", "attention to the token before",
        lambda text: positions.previous_token(text.weights),
        applies=_within, count=_but_one,
        role=Role("previous-token head", 0.5, "the token before", _CLARK),
    ),
    Score(
        "next", "Next token", "attention to the token after",
        lambda text: positions.next_token(text.weights),
        applies=_looks_ahead, count=_but_one,
        role=Role("next-token head", 0.5, "the token after", _CLARK),
    ),
    Score(
        "current", "Current token", "attention to the token itself",
        lambda text: positions.current_token(text.weights),
        applies=_within, count=_but_one,
        role=Role("current-token head", 0.5, "the token itself", rank=1),
    ),
    Score(
        "first", "First token", "attention to the first token: where a head rests",
        lambda text: positions.first_token(text.weights),
        role=RESTS,
    ),
    Score(
        "separators", "Special tokens", "attention to [SEP] and other special tokens but the first token",
        lambda text: tokens.to_keys(text.weights, text.special & (np.arange(len(text.special)) > 0)),
        role=Role("separator head", 0.6, "special tokens such as [SEP]", _CLARK),
    ),
    Score(
        "punctuation", "Punctuation", "attention to commas, full stops and other punctuation",
        lambda text: tokens.to_keys(text.weights, text.punctuation),
        role=Role("punctuation head", 0.6, "punctuation", _CLARK),
    ),
    Score(
        "same", "Same token", "attention to other places of the same token, where there are any",
        lambda text: tokens.to_matching(text.weights, text.same),
        applies=_within, count=lambda text: int(text.same.any(1).sum()),
        role=Role(
            "same-token head", 0.5, "the same token elsewhere", where="where a token occurs more than once"
        ),
    ),
    Score(
        "same_other_sentence", "Same token, other sentence",
        "attention to the same token in the other sentence of a pair",
        lambda text: tokens.to_matching(text.weights, text.same_elsewhere),
        applies=_within, count=lambda text: int(text.same_elsewhere.any(1).sum()),
        role=Role(
            "same-token-in-the-other-sentence head", 0.5, "the same token there",
            where="where the other sentence has the same token",
        ),
    ),
    Score(
        "positional", "Fixed distance", "how often the strongest look goes to the same distance",
        lambda text: positions.offset_shares(text.weights, REACH),
        applies=_within, count=lambda text: positions.queries_with_offset(text.weights, REACH)[:, None, None],
        role=Role(
            "positional head", 0.9, "one fixed distance", "Voita et al. 2019 (arXiv 1905.09418)",
            on_one_text=False,
        ),
        on_one_text=False, offsets=range(-REACH, REACH + 1),
    ),
    Score(
        "induction", "Induction",
        "25 random tokens, four times in a row: attention to what followed the same token earlier",
        lambda text: tokens.to_matching(text.weights, text.followed),
        over=RANDOM, applies=_looks_back, count=lambda text: int(text.followed.any(1).sum()),
        role=Role("induction head", 0.3, "what followed it then", where=_AGAIN),
    ),
    Score(
        "duplicate", "Duplicate token",
        "25 random tokens, four times in a row: attention to the same token earlier",
        lambda text: tokens.to_matching(text.weights, text.same),
        over=RANDOM, applies=_looks_back, count=lambda text: int(text.same.any(1).sum()),
        role=Role("duplicate-token head", 0.3, "the same token earlier", where=_AGAIN, on_one_text=False),
        on_one_text=False,
    ),
    Score(
        "copying", "Copying",
        "how much the head raises the very token it looks at: 1 if that token alone, −0.92 by chance",
        _copying, unit=SIGNED,
        over=RANDOM, applies=lambda text: text.logits is not None,
        count=lambda text: 0 if text.logits is None else text.logits.shape[-1],
        on_one_text=False,
    ),
    Score(
        "suppressing", "Copy suppression",
        "how much the head lowers the very token it looks at: 1 if that token alone, −0.92 by chance",
        _suppressing, unit=SIGNED,
        over=RANDOM, applies=lambda text: text.logits is not None,
        count=lambda text: 0 if text.logits is None else text.logits.shape[-1],
        on_one_text=False,
    ),
    Score(
        "previous_random", "Previous token, random words",
        "attention to the token before where the words are random: the control of a previous-token head",
        lambda text: positions.previous_token(text.weights),
        over=RANDOM, applies=_looks_back, count=_but_one, on_one_text=False,
    ),
    Score(
        "successor", "Successor",
        "days, months, numbers, letters: how often the head, looking at one, raises the next most of its "
        "kind; 4 to 20% by chance",
        _successor, over=IN_ORDER, applies=lambda text: text.in_order is not None,
        count=lambda text: 0 if text.in_order is None else int(text.in_order.has_next.sum()),
        role=Role(
            "successor head", 0.5, "the next of its kind", "ours, after Gould et al. 2023 (arXiv 2312.09230)",
            on_one_text=False,
        ),
        on_one_text=False,
    ),
    Score(
        "successor_random", "Successor, random words",
        "the same of 25 random words in a random order: the control of a successor head; 4% by chance",
        _successor_random, over=RANDOM, applies=lambda text: text.logits is not None, count=_steps,
        on_one_text=False,
    ),
    Score(
        "inactive", "Inactive",
        "how often the head writes next to nothing: less than a tenth of what a head of its layer writes on "
        "average; never before training",
        _inactive, applies=lambda text: text.lengths is not None,
        role=Role(
            "inactive head", 0.5, "nothing",
            "ours, after Sandoval-Segura et al. 2025 (arXiv 2504.03889)", on_one_text=False,
        ),
        on_one_text=False,
    ),
    Score(
        "entropy", "Breadth", "entropy: how widely attention is spread",
        lambda text: text.spread.entropy, unit=NATS,
        role=Role("broad head", 3.8, "very many tokens at once", _CLARK, on_one_text=False),
    ),
    Score(
        "entropy_rest", "Breadth without the first token",
        "entropy of the attention that does not rest on the first token",
        lambda text: text.spread.entropy_rest, unit=NATS, count=lambda text: text.spread.rows_rest,
    ),
    Score(
        "distance", "Distance", "how many tokens back the head looks on average",
        lambda text: text.spread.distance, unit=TOKENS, applies=_within,
    ),
    Score(
        "distance_rest", "Distance without the first token",
        "how many tokens back the head looks on average, where it does not rest on the first token",
        lambda text: text.spread.distance_rest, unit=TOKENS, applies=_within,
        count=lambda text: text.spread.rows_rest,
    ),
    Score(
        "variability", "Variability", "how much the picture changes with the words",
        None, over="texts", on_one_text=False, across=spread.variability,
    ),
    *(
        Score(
            shape, title, about, _shape(shape),
            over="texts", applies=_within, count=_one, on_one_text=False,
        )
        for shape, title, about in (
            ("vertical", "Shape: vertical", "texts on which the picture is a few columns"),
            ("diagonal", "Shape: diagonal", "texts on which the picture is a diagonal"),
            ("vertical_diagonal", "Shape: both", "texts on which it is columns and a diagonal"),
            ("block", "Shape: block", "pairs on which each sentence looks at itself"),
            ("heterogeneous", "Shape: mixed", "texts on which it is none of these shapes"),
        )
    ),
)  # fmt: skip
BY_NAME = {score.name: score for score in SCORES}
# The roles that one text can tell, by the names of their scores.
TOLD_BY_A_TEXT = {score.name: score.role for score in SCORES if score.role and score.role.on_one_text}
