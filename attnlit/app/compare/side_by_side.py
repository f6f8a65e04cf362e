"""The chosen heads in both, side by side with one set of controls, and where they differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from attnlit.app import compare_code, described, export, panels
from attnlit.app.frame import chosen
from attnlit.charts.head import SELECTIONS, PinnedToken, head_picture
from attnlit.charts.heatmap import difference_picture, difference_table
from attnlit.wording import capitalised, escaped
from attnlit.words.compare import largest_difference_in_words
from attnlit.words.read_out import read_out

if TYPE_CHECKING:
    from attnlit.analysis.compare import Comparison
    from attnlit.app.frame.request import Request
    from attnlit.attention import Attention
    from attnlit.charts.pinned import Side

Head = tuple[int, int]
_SECOND = "compare_second_picture"  # the key of its picture


def heads(request: Request, found: Comparison, names: tuple[str, str], other: Head) -> None:
    """The chosen heads of both. other: the head of the second that stands beside the first's."""
    same = found.distances is not None and other == (request.layer, request.head)
    beside = list(request.heads) if same else [other[1]]
    left, right = st.columns(2)
    with left:
        st.markdown(f"**{_heading(names[0])}**")
        panels.picture(
            head_picture(
                request.shown, request.layer, request.heads, theme=request.theme,
                pinned=panels.pinned(request), answered=panels.answered("compare_first"),
            ),
            key="compare_first",
            on_select=lambda: panels.follow_head_view(request, "compare_first"),
            selection=SELECTIONS,
            alt="Head view of the chosen heads, first side",
        )  # fmt: skip
        _words("compare_first", request.shown, request.layer, request.heads, panels.pinned(request))
    with right:
        which = f"heads {', '.join(map(str, beside))}" if len(beside) > 1 else f"head {beside[0]}"
        st.markdown(f"**{_heading(names[1])}** · layer {other[0]}, {which}")
        key = _SECOND if same else f"{_SECOND}_other"
        panels.picture(
            head_picture(
                found.second, other[0], beside, theme=request.theme, pinned=_pinned_beside(request, found),
                answered=panels.answered(_SECOND) if same else None,
            ),
            key=key,
            on_select=(lambda: _follow_second(request, found)) if same else None,
            selection=SELECTIONS,
            alt="Head view of the chosen heads, second side",
        )  # fmt: skip
        _words(key, found.second, other[0], beside, _pinned_beside(request, found))


def _words(
    picture: str, record: Attention, layer: int, heads: Sequence[int], pin: PinnedToken | None
) -> None:
    """What the pinned token looks at, or who looks at it, under its picture."""
    if pin is not None:
        with described.words_of(picture, border=False):
            st.markdown(read_out(record, layer, heads, **{pin.side: pin.index})[0])


def _heading(name: str) -> str:
    """“The first text”; the name of a model as it is spelled."""
    return capitalised(name) if name.startswith("the ") else escaped(name)


def _follow_second(request: Request, found: Comparison) -> None:
    """A click in the second picture does what the same click in the first does."""
    clicked, before = panels.follow_switches(request, _SECOND)
    now = _pinned_beside(request, found)
    pin = PinnedToken.from_selection(clicked, now, before)
    if pin != now:
        chosen.pin(request.shown, None if pin is None else _lined_up(found, pin, theirs=True))


def _pinned_beside(request: Request, found: Comparison) -> PinnedToken | None:
    """The token of the second that lines up with the pinned one."""
    pinned = panels.pinned(request)
    there = None if pinned is None else _lined_up(found, pinned, theirs=False)
    return None if there is None else PinnedToken(*there)


def _lined_up(found: Comparison, pin: PinnedToken, *, theirs: bool) -> tuple[Side, int] | None:
    """Where the token stands in the other text that lines up with this one, if there is one.

    theirs: the token is of the second text.
    """
    first, second = found.queries if pin.side == "query" else found.keys
    here, there = (second, first) if theirs else (first, second)
    (places,) = np.nonzero(here == pin.index)
    return (pin.side, int(there[places[0]])) if len(places) else None


def difference(request: Request, found: Comparison, names: tuple[str, str], other: Head) -> None:
    """What the chosen head looks at in one and not in the other, where tokens line up."""
    ours, theirs = found.one_head(request.layer, request.head, other)
    with described.words_of("compare_difference", border=False):
        st.markdown(
            f"**Head {request.layer}-{request.head}, difference:** blue where {escaped(names[1])} looks "
            f"more, orange where {escaped(names[0])} does. "
            + largest_difference_in_words(difference_table(ours, theirs), names)
        )
    panels.picture(
        difference_picture(ours, theirs, theme=request.theme),
        key="compare_difference",
        alt="Difference of the chosen head's attention in the two, where tokens line up",
    )


def menu(
    request: Request,
    found: Comparison,
    names: tuple[str, str],
    other: Head,
    own: Mapping[str, str],
    **second: Any,
) -> None:
    """A link to the page, and that difference as files. For the page's end, once all controls are drawn.

    own: what was typed on this page, for a link. second: of `compare_code.difference`, which model it is.
    """
    ours, theirs = found.one_head(request.layer, request.head, other)
    export.menu(
        request,
        "difference",
        lambda: difference_picture(ours, theirs),
        lambda: difference_table(ours, theirs),
        heads=[request.head],
        about=f"{names[1]} less {names[0]}",
        texts=[*dict.fromkeys((found.first.text, found.second.text))],
        own=own,
        code=[compare_code.difference(request, found, other, **second)],
    )
