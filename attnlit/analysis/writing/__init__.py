"""What a model writes: a word's logit as a sum of what each part wrote, and vectors read as words."""

from attnlit.analysis.writing.attribution import Writes, of_word, totals, writes
from attnlit.analysis.writing.lens import head_words, logit_lens, look_logits, look_words
from attnlit.analysis.writing.state import State, take_apart

__all__ = [
    "State",
    "Writes",
    "head_words",
    "logit_lens",
    "look_logits",
    "look_words",
    "of_word",
    "take_apart",
    "totals",
    "writes",
]
