"""A survey on more than one process: the parts of `attnlit.analysis.survey`, made by somebody else.

Nothing of an engine is here. `pool` runs parts on the processors of one machine, `ray` on those of a cluster;
both hand over blocks of texts and get back what `finish` adds up, the same to the byte for any number of
workers.
"""

from attnlit.scale.blocks import Block as Block
from attnlit.scale.blocks import in_blocks as in_blocks
from attnlit.scale.blocks import read_block as read_block
from attnlit.scale.pool import parts as parts
