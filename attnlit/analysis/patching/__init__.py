"""What a head brings along: its attention, or its output, put from one text's run into another's."""

from attnlit.analysis.patching.patch import Patch as Patch
from attnlit.analysis.patching.patch import PatchMap as PatchMap
from attnlit.analysis.patching.patch import patch as patch
from attnlit.analysis.patching.patch import patch_each as patch_each
from attnlit.analysis.patching.runs import OUTPUT as OUTPUT
from attnlit.analysis.patching.runs import PATTERN as PATTERN
from attnlit.analysis.patching.runs import WHAT as WHAT
