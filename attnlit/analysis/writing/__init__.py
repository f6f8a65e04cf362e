"""What a model writes: a word's logit as a sum of what each part wrote, and vectors read as words."""

from attnlit.analysis.writing.attribution import WordSum, Writes, of_word, writes
from attnlit.analysis.writing.effects import Guess, guess, lost_without, totals
from attnlit.analysis.writing.lens import head_words, logit_lens, look_logits, look_words
from attnlit.analysis.writing.state import State, take_apart

__all__ = [
    "Guess",
    "State",
    "WordSum",
    "Writes",
    "guess",
    "head_words",
    "logit_lens",
    "look_logits",
    "look_words",
    "lost_without",
    "of_word",
    "take_apart",
    "totals",
    "writes",
]
