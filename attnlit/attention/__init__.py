"""Recording what a model's attention does: one forward pass, and a record of plain numpy."""

from attnlit.attention.answers import Answer, answer
from attnlit.attention.capture import attend, attend_all, load
from attnlit.attention.record import Attention, Token
from attnlit.attention.values import passed_on
from attnlit.attention.vectors import Vectors

__all__ = ["Answer", "Attention", "Token", "Vectors", "answer", "attend", "attend_all", "load", "passed_on"]
