"""What heads do, in the model view: a colour for each role, a legend, heads of other roles faded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from attnlit.charts.grid import cells_of
from attnlit.charts.packed_text import rows_table
from attnlit.charts.theme import Theme
from attnlit.errors import AttnlitError
from attnlit.wording import a_kind, either, quoted

if TYPE_CHECKING:
    from attnlit.attention.record import Attention

NO_ROLE = "No clear role"  # what the legend calls heads without one
NOTHING = "–"
# Which hue of the theme each role has, in the order of the scores: a quiet one for resting on the first
# token, as most heads may do. The second and the last share one: heads that look ahead, and heads that look
# back for what followed, are never of one model.
HUES = (1, 4, 2, 7, 6, 3, 5, 0, 4)
FADED = 0.72  # opacity in the legend of a role whose heads are faded: it can still be read
VEILED = 0.8  # opacity of the ground that lies over heads of other roles than the chosen one


@dataclass(frozen=True)
class Roles:
    """What each head does, for the colours of the model view."""

    # All roles that there are, in the order of their colours: the same for every text.
    names: tuple[str, ...]
    # Index into `names` for each head of each layer, in the record's order; None where a head has no role.
    of: tuple[tuple[int | None, ...], ...]


def names_of_heads(roles: Roles | None, attention: Attention, shown: Sequence[int]) -> list[list[str]]:
    """The role of each head of these layers by name; `NOTHING` without roles, `NO_ROLE` without one."""
    if roles is None:
        return [[NOTHING] * attention.heads for _ in shown]
    if not isinstance(roles, Roles):
        raise AttnlitError(f"The roles must be attnlit.charts.model.Roles, not {a_kind(roles)}.")
    return [
        [_name(roles, attention.row(layer), layer, head) for head in range(attention.heads)]
        for layer in shown
    ]


def _name(roles: Roles, row: int, layer: int, head: int) -> str:
    try:
        role = roles.of[row][head]
    except IndexError:
        raise AttnlitError(f"Roles are needed for every head; there is none for {layer}-{head}.") from None
    return NO_ROLE if role is None else roles.names[role]


def colours_of_heads(roles: Roles | None, names: Sequence[Sequence[str]], theme: Theme) -> list[list[str]]:
    """The colour of each head of those layers."""
    return [[colour_of_role(roles, name, theme) for name in row] for row in names]


def in_legend(roles: Roles | None, names: Sequence[Sequence[str]]) -> list[str]:
    """The roles that these heads have, in the order of their colours; those without one last."""
    present = {name for row in names for name in row}
    return [name for name in (*roles.names, NO_ROLE) if name in present] if roles else []


def colour_of_role(roles: Roles | None, name: str, theme: Theme) -> str:
    """The colour of a role; one ink for what has none."""
    if roles is None or name not in roles.names:
        return theme.ink
    return theme.heads[HUES[roles.names.index(name) % len(HUES)]]


def roles_tables(
    roles: Roles | None, names: list[list[str]], only: str | None, bands: Sequence[int], theme: Theme
) -> dict[str, pa.Table]:
    """The legend, with how many heads have each role, and the cells that fade. names: of `names_of_heads`.

    only: the role whose heads do not fade. A click on it in the legend leads back to all.
    """
    present = in_legend(roles, names)
    if only is not None and only not in present:
        there = f"Choose {either(present)}." if present else "Give the roles of heads to choose one."
        said = quoted(only) if isinstance(only, str) else a_kind(only)
        raise AttnlitError(f"No head here has the role {said}. {there}")
    count = Counter(name for row in names for name in row)
    row, column = cells_of(len(names), len(names[0]))
    faded = np.array([only is not None and name != only for each in names for name in each])
    return {
        "roles": rows_table(
            place=np.arange(len(present), dtype=np.int16),
            role=pa.array(present, pa.string()),
            text=pa.array([f"{name} · {count[name]}" for name in present], pa.string()),
            colour=pa.array([colour_of_role(roles, name, theme) for name in present], pa.string()),
            to=pa.array(["" if name == only else name for name in present], pa.string()),
            opacity=pa.array([1.0 if only in (None, name) else FADED for name in present], pa.float32()),
        ),
        "faded": rows_table(
            row=row[faded], column=column[faded], bands=np.array(bands[:-1], np.int16)[row[faded]]
        ),
    }
