"""A model with a head that falls with distance, and its profile."""

from __future__ import annotations

import pytest

from attnlit.analysis import distance
from attnlit.attention import load
from attnlit.models.model import Model
from tests import planted
from tests.analysis.distance.planted_fall import SLOPE, TEXTS


@pytest.fixture(scope="package")
def decaying(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Head 1-2 falls with distance; 0-1 looks at the token before, 0-3 at the first; the others are even."""
    module = planted.blank()
    planted.previous_token(module, layer=0, head=1)
    planted.first_token(module, layer=0, head=3)
    planted.distance_decay(module, layer=1, head=2, falls={5: 2 * SLOPE / 3, 40: SLOPE / 3})
    return load(str(planted.save(module, tmp_path_factory.mktemp("decaying"))))


@pytest.fixture(scope="package")
def averages(decaying: Model) -> distance.DistanceProfile:
    return distance.by_distance(distance.records(decaying, TEXTS, "self"), 24)
