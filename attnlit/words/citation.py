"""What to cite, as BibTeX: the paper whose views are drawn here, and this software."""

from __future__ import annotations

import attnlit

PAPER = """\
@article{vig2019visualizing,
  title   = {Visualizing Attention in Transformer-Based Language Representation Models},
  author  = {Vig, Jesse},
  journal = {arXiv preprint arXiv:1904.02679},
  year    = {2019},
  url     = {https://arxiv.org/abs/1904.02679}
}"""


def bibtex() -> str:
    """Both entries. The software's is what `CITATION.cff` says, with the version that runs."""
    return f"""{PAPER}

@software{{attnlit,
  title   = {{attnlit}},
  author  = {{{{The attnlit developers}}}},
  version = {{{attnlit.__version__}}},
  license = {{Apache-2.0}}
}}"""
