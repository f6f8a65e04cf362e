"""Surveys that must be the same to the last bit."""

from __future__ import annotations

import pickle
from dataclasses import fields

from attnlit.analysis.survey import Survey


def as_bytes(found: Survey) -> bytes:
    """Everything that a survey says, with every bit of every number."""
    return pickle.dumps([getattr(found, each.name) for each in fields(found)])
