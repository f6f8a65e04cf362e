"""Attention by distance: which heads attend less the farther away a token is, and what carries that fall.

The third use case of Vig 2019 (arXiv 1904.02679, section 4.3), neurons and behaviour.
"""

from attnlit.analysis.distance.decay import DECAY_FROM as DECAY_FROM
from attnlit.analysis.distance.decay import distance_table as distance_table
from attnlit.analysis.distance.decay import is_decay as is_decay
from attnlit.analysis.distance.decay import scan as scan
from attnlit.analysis.distance.dimensions import added as added
from attnlit.analysis.distance.dimensions import added_share as added_share
from attnlit.analysis.distance.dimensions import falling_dimensions as falling_dimensions
from attnlit.analysis.distance.dimensions import pair_products as pair_products
from attnlit.analysis.distance.dimensions import score_shares as score_shares
from attnlit.analysis.distance.dimensions import score_table as score_table
from attnlit.analysis.distance.passages import longest_distance as longest_distance
from attnlit.analysis.distance.passages import passages as passages
from attnlit.analysis.distance.passages import records as records
from attnlit.analysis.distance.profile import DistanceProfile as DistanceProfile
from attnlit.analysis.distance.profile import by_distance as by_distance
from attnlit.analysis.distance.profile import one_head as one_head
from attnlit.analysis.distance.profile import towards as towards
