"""The tables of the sum: one row a bar, and sizes.

A bar begins where the one before it ended; the last one is the whole sum, from zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from attnlit.charts.packed_text import rows_table
from attnlit.charts.theme import Theme
from attnlit.errors import AttnlitError
from attnlit.wording import number_text

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

MOST_BARS = 16  # parts with a bar of their own; the others share one for each kind
ROW = 22  # pixels
NO_HEAD = -1
HEAD = "head"
COLUMNS = ("kind", "number", "layer", "head", "attention", "logit")
MANY = {HEAD: "heads", "MLP": "MLPs", "output bias": "output biases"}  # what several of a kind are called
MANY["layer without attention"] = "layers without attention"


@runtime_checkable
class Sum(Protocol):
    """What is drawn: `attnlit.writes` returns it."""

    @property
    def table(self) -> pd.DataFrame:
        """A row a part, with the columns kind, number, layer, head, attention and logit."""

    @property
    def total(self) -> float: ...

    @property
    def word(self) -> str: ...

    @property
    def against(self) -> str | None: ...


def whole_of(found: Sum) -> str:
    """What the last bar is called."""
    return f"logit of {found.word}" if found.against is None else f"{found.word} − {found.against}"


def sum_tables(found: Sum, kind: str, chosen: tuple[int, int] | None, theme: Theme) -> dict[str, pa.Table]:
    """The tables that the specification names; see `attnlit.charts.writing.view.writing_picture`."""
    parts = found.table
    missing = [name for name in COLUMNS if name not in parts]
    if missing or not len(parts):
        raise AttnlitError(f"The sum needs one row for each part, with the columns {', '.join(COLUMNS)}.")
    parts = parts.assign(name=_names(parts))
    clickable = (parts["kind"] == HEAD) & (parts["attention"] == kind)
    at = np.full((len(parts), 2), NO_HEAD, np.int16)
    at[clickable] = parts.loc[clickable, ["layer", "head"]].to_numpy(np.int16)
    held = clickable.to_numpy() & (at == (chosen or (NO_HEAD, NO_HEAD))).all(1)
    own = held.copy()
    own[np.argsort(-parts["logit"].abs().to_numpy(), kind="stable")[:MOST_BARS]] = True
    bars = [
        (row.name, row.logit, *place, is_held)
        for row, place, is_held in zip(
            parts[own].itertuples(), at[own].tolist(), held[own].tolist(), strict=True
        )
    ]
    for each, others in parts[~own].groupby("kind", sort=False):
        alone = len(others) == 1
        name = others["name"].iloc[0] if alone else f"{len(others)} other {MANY.get(str(each), each)}"
        bars.append((name, float(others["logit"].sum()), NO_HEAD, NO_HEAD, False))
    return _tables(bars, found, theme)


def _names(parts: pd.DataFrame) -> list[str]:
    """What each part is called; heads of several kinds of attention with their kind."""
    import pandas as pd

    kinds = set(parts.loc[parts["kind"] == HEAD, "attention"])
    names = []
    for row in parts.itertuples():
        of = f"{row.attention} " if len(kinds) > 1 and row.attention else ""
        if row.kind == HEAD:
            names.append(f"{of}head {row.layer}-{row.head}")
        else:
            number = "" if pd.isna(row.number) else f" {row.number}"
            names.append(f"{of}{row.kind}{number}")
    return names


def _tables(bars: list[tuple[str, float, int, int, bool]], found: Sum, theme: Theme) -> dict[str, pa.Table]:
    names, values, layers, heads, held = (list(each) for each in zip(*bars, strict=True))
    ends = np.cumsum(values)
    edges = np.concatenate([[0.0], ends])
    count = len(bars)
    colours = [theme.positive if value > 0 else theme.negative for value in values]
    return {
        "setup": rows_table(
            height=[ROW * (count + 1) + 14],
            bars=[count],
            low=[float(edges.min())],
            high=[float(edges.max())],
        ),
        "bars": rows_table(
            place=np.arange(count + 1, dtype=np.int16),
            name=[*names, whole_of(found)],
            begin=[*edges[:-1], 0.0],
            end=[*ends, float(ends[-1])],
            text=[*(number_text(value) for value in values), number_text(ends[-1], ".2f")],
            colour=[*colours, theme.ink],
            layer=np.array([*layers, NO_HEAD], np.int16),
            head=np.array([*heads, NO_HEAD], np.int16),
            held=[*held, False],
            last=[*np.zeros(count, bool), True],
        ),
    }
