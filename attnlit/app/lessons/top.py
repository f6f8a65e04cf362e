"""The next step of a lesson begins at its top, as a page would: otherwise a phone shows the middle of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import streamlit as st

_SCRIPT = """
export default function ({ data }) {
  const before = window.attnlitStep;
  window.attnlitStep = data.step;
  if (before !== undefined && before !== data.step)
    document.querySelector('[data-testid="stMain"]').scrollTo({ top: 0 });
}
"""


def begin_at_the_top(step: str) -> None:
    """Draw nothing, but scroll up where another step than before is shown."""
    _component()(key="begin_at_the_top", data={"step": step})


@cache
def _component() -> Callable[..., Any]:
    return st.components.v2.component("attnlit_step", js=_SCRIPT)
