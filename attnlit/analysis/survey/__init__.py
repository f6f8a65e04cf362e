"""Every head of a model scored over many texts, beside the same scores of the model before training.

`run` reads, `sums` adds up, `summary` says what comes of it. For clusters: `partial` on any number of
machines, `controls` on one, and `finish` for all their parts, in any order.
"""

from attnlit.analysis.survey.find import FoundHeads as FoundHeads
from attnlit.analysis.survey.find import find_heads as find_heads
from attnlit.analysis.survey.lists import Example as Example
from attnlit.analysis.survey.lists import Examples as Examples
from attnlit.analysis.survey.lists import ListName as ListName
from attnlit.analysis.survey.random_tokens import period as period
from attnlit.analysis.survey.random_tokens import random_sequences as random_sequences
from attnlit.analysis.survey.run import READING as READING
from attnlit.analysis.survey.run import SoFar as SoFar
from attnlit.analysis.survey.run import Step as Step
from attnlit.analysis.survey.run import controls as controls
from attnlit.analysis.survey.run import partial as partial
from attnlit.analysis.survey.run import steps as steps
from attnlit.analysis.survey.run import survey as survey
from attnlit.analysis.survey.summary import FEWEST_TEXTS as FEWEST_TEXTS
from attnlit.analysis.survey.summary import Partial as Partial
from attnlit.analysis.survey.summary import Survey as Survey
from attnlit.analysis.survey.summary import finish as finish
from attnlit.analysis.survey.summary import roles_of as roles_of
from attnlit.analysis.survey.summary import table as table
from attnlit.analysis.survey.summary import together as together
from attnlit.analysis.survey.sums import Sums as Sums
from attnlit.analysis.survey.sums import merge as merge
from attnlit.analysis.survey.sums import summarise as summarise
