"""Surveys that must be the same to the last bit."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np


def every_bit(value: Any) -> Any:
    """The same in plain Python, with every bit of every array, to be compared."""
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if is_dataclass(value):
        return [every_bit(getattr(value, each.name)) for each in fields(value)]
    if isinstance(value, dict):
        return {key: every_bit(each) for key, each in value.items()}
    return value
