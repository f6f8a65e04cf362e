"""Where a token's information came from: attention followed down through all layers, beside its null."""

from attnlit.analysis.flow.contributions import contributions_and_even
from attnlit.analysis.flow.maxflow import flow
from attnlit.analysis.flow.rollout import Rollout, rollout
from attnlit.analysis.flow.routes import Routes

__all__ = ["Rollout", "Routes", "contributions_and_even", "flow", "rollout"]
