"""The tables that a page offers as files, collected in a run for the page's one Save menu."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    import pandas as pd

_KEY = "to_save"  # of the session; it belongs to no control


@dataclass(frozen=True)
class Numbers:
    """A table that can be saved."""

    # What the menu calls it.
    title: str
    # Of the file, without the model's name in front and without its ending.
    name: str
    # Makes the table when it is asked for.
    table: Callable[[], pd.DataFrame]


def begin() -> None:
    """At the beginning of a run: nothing is offered yet."""
    st.session_state.pop(_KEY, None)


def offer(title: str, name: str, table: Callable[[], pd.DataFrame]) -> None:
    """Let the page's menu, which is drawn later in this run, save this table."""
    st.session_state.setdefault(_KEY, []).append(Numbers(title, name, table))


def offered() -> list[Numbers]:
    """What was offered since the run began, or since this was asked last."""
    return st.session_state.pop(_KEY, [])
