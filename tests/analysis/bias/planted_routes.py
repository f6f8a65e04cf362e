"""A model whose heads carry a noun to a pronoun, so that every effect is known beforehand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from attnlit.analysis.bias import (
    Contrast,
    Template,
)
from attnlit.models.model import Model
from tests import planted

GetModel = Callable[[str], Model]
GetFolder = Callable[[str], Path]


PLANTED = Contrast(
    "the doctor asked the nurse . she", "the doctor asked the nurse . he", expected="tired", other="late"
)


# Words that the tiny tokenizers cut into several pieces, as many for both prompts.
WRITTEN = Contrast(
    "The doctor asked the nurse a question; the cat",
    "The doctor asked the nurse a question; the mat",
    expected="was tired, because",
    other="sat on",
)


MASKED = Contrast("The cat sat on [MASK] mat.", "The dog sat on [MASK] mat.", expected="the", other="a")


SEEN = Template(
    "The {first} saw the {second} because {pronoun} was", "tired", "late", woman="nurse", man="doctor"
)


# What the swap changes in log y, the logit of "late" less that of "tired": through each head, and besides.
BY_0_1, BY_0_3, BESIDES = 0.25 + 0.125, 0.125 + 0.0625, 0.0625 + 0.03125


SWAPPED = BY_0_1 + BY_0_3 + BESIDES


def routes(module: Any, head: int, to: slice, reads: slice = planted.TOKENS) -> None:
    """A head of layer 0 by which "she" looks at "nurse" and "he" at "doctor"; all else looks at itself."""
    query, key = planted.nothing(), planted.nothing()
    for pronoun, person in (("she", "nurse"), ("he", "doctor")):
        query[planted.WORDS.index(pronoun), planted.WORDS.index(person)] = planted.SURE
    query[planted.POSITIONS, planted.COUNT :] = planted.SURE / 2 * torch.eye(planted.LENGTH)
    key[planted.TOKENS, : planted.COUNT] = torch.eye(planted.COUNT)
    key[planted.POSITIONS, planted.COUNT :] = torch.eye(planted.LENGTH)
    planted.look(module, 0, head, query, key)
    planted.write(module, 0, head, to, reads)


def votes(module: Any, place: slice, seen: str, for_word: str, logit: float) -> None:
    """This word in a part of the residual stream gives another word this logit."""
    row, column = planted.WORDS.index(for_word), place.start + planted.WORDS.index(seen)
    module.lm_head.weight[row, column] = logit
