"""The head of a text that shows most plainly what a head can do: where a picture of it begins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from attnlit.analysis.scores.evidence import FEWEST_TOKENS, evidence_of
from attnlit.analysis.scores.on_text import head_scores, roles_on_text
from attnlit.analysis.scores.registry import BY_NAME, TOLD_BY_A_TEXT
from attnlit.errors import AttnlitError

if TYPE_CHECKING:
    from attnlit.attention.record import Attention, Token


def telling_head(attention: Attention, score: str = "") -> tuple[int, int]:
    """(layer, head) of the head that scores most on this text.

    score: a column of `head_roles`; without one, the head that exceeds the threshold of any role most, but
    those of looking at itself and of resting on the first token, as many heads do. Where the text has
    nothing to score it is the first head of the middle layer. Raises AttnlitError as `head_roles`.
    """
    most, found = -np.inf, (attention.layer_numbers[attention.layers // 2], 0)
    if min(len(attention.queries), len(attention.keys)) < FEWEST_TOKENS and not score:
        return found
    wanted = [score] if score else [name for name, role in TOLD_BY_A_TEXT.items() if role.rank == 0]
    for name, values in head_scores(attention, only=wanted).items():
        role = BY_NAME[name].role
        least = 1.0 if score or role is None else role.least
        if np.isfinite(values).any() and np.nanmax(values) / least > most:
            most = float(np.nanmax(values) / least)
            found = _named(attention, int(np.nanargmax(values)))
    return found


def looking_head(attention: Attention, query: int, key: int) -> tuple[int, int]:
    """(layer, head) of the head in which one token looks most at another. query, key: indices."""
    weights = np.nan_to_num(attention.weights[:, :, query, key])  # (layers, heads)
    return _named(attention, int(weights.argmax()))


def _named(attention: Attention, place: int) -> tuple[int, int]:
    """(layer, head) of a place in an array (L, H) laid out flat."""
    row, head = divmod(place, attention.heads)
    return attention.layer_numbers[row], head


def telling_query(attention: Attention, layer: int, head: int) -> int:
    """The index of the token that shows best what a head does: a word that looks hardest at another word.

    What lies on the first token, on tokens that the tokenizer added, or on the token itself, does not count.
    Pieces of words count only where no whole word looks at another; the last word, where nothing does. Of an
    induction head it is a word that was there before, and looks at what followed it then.
    """
    weights = np.nan_to_num(attention.weights[attention.row(layer), head])  # (queries, keys)
    words = np.array([not each.special and each.text.isalnum() for each in attention.queries])
    others = np.array([not each.special and each.position > 0 for each in attention.keys])
    there = weights * others
    if attention.kind != "cross":
        positions = [[each.position for each in tokens] for tokens in (attention.queries, attention.keys)]
        there = there * (np.array(positions[0])[:, None] != np.array(positions[1])[None])
    whole = [_whole(tokens) for tokens in (attention.queries, attention.keys)]
    for looks in (there * _of_induction(attention, layer, head), there):
        for some, seen in ((words & whole[0], looks * whole[1]), (words, looks)):
            best = np.where(some, seen.max(axis=1, initial=0), -1.0)
            if best.max() > 0:
                return int(np.argmax(best))
    last = np.flatnonzero(words)
    return int(last[-1]) if len(last) else len(attention.queries) - 1


def _of_induction(attention: Attention, layer: int, head: int) -> np.ndarray:
    """Which looks show that this is an induction head, if it is one: bool (Q, K); else all."""
    every = np.ones((len(attention.queries), len(attention.keys)), bool)
    if not attention.causal or attention.kind == "cross":
        return every
    try:
        roles = roles_on_text(attention, layer, head)
    except AttnlitError:  # of a part of a text no role is told
        return every
    followed = roles and roles[0][0] is TOLD_BY_A_TEXT["induction"]
    return evidence_of(attention).followed if followed else every


def _whole(tokens: Sequence[Token]) -> np.ndarray:
    """Which tokens are no piece of a longer word: bool (N,)."""
    pieces = Counter((token.segment, token.word) for token in tokens)
    return np.array([token.word is None or pieces[token.segment, token.word] == 1 for token in tokens])
