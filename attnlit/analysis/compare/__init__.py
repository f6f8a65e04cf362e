"""Two records side by side: which tokens line up, which heads attend differently, which heads look alike."""

from attnlit.analysis.compare.alike import most_alike as most_alike
from attnlit.analysis.compare.comparison import Comparison as Comparison
from attnlit.analysis.compare.comparison import compare as compare
from attnlit.analysis.compare.unrelated import unrelated as unrelated
