"""Scores of heads: what each does on one text, or over many, as numbers by which roles are told.

`registry` holds every score once, `score` says what one is; the other files hold the arithmetic, a family
each.
"""

from attnlit.analysis.scores.evidence import FEWEST_TOKENS as FEWEST_TOKENS
from attnlit.analysis.scores.on_text import head_roles as head_roles
from attnlit.analysis.scores.on_text import head_scores as head_scores
from attnlit.analysis.scores.on_text import main_roles as main_roles
from attnlit.analysis.scores.on_text import roles_on_text as roles_on_text
from attnlit.analysis.scores.registry import BY_NAME as BY_NAME
from attnlit.analysis.scores.registry import RESTS as RESTS
from attnlit.analysis.scores.registry import SCORES as SCORES
from attnlit.analysis.scores.registry import TOLD_BY_A_TEXT as TOLD_BY_A_TEXT
from attnlit.analysis.scores.score import Role as Role
from attnlit.analysis.scores.score import Score as Score
from attnlit.analysis.scores.telling import looking_head as looking_head
from attnlit.analysis.scores.telling import telling_head as telling_head
from attnlit.analysis.scores.telling import telling_query as telling_query
