"""Code for the picture on the page: the public API makes the same one in a notebook."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from attnlit.app.frame.opening import Known
    from attnlit.app.frame.request import Request
    from attnlit.attention import Answer, Attention
    from attnlit.attention.rows import Heads

_COMMIT = re.compile(r"[0-9a-f]{40}")


def head_view(request: Request, *, rows: bool = False) -> str:
    """Code for the head view as it is on the page. rows: its tokens stand in rows."""
    more = _pinned(request) + ", rows=True" * rows
    view = f"attnlit.head_view(attention, layer={request.layer}, heads={[*request.heads]}{more})"
    return _with_record(request, view)


def _pinned(request: Request) -> str:
    """The argument for the pinned token, where there is one."""
    return f", pinned={request.pinned!r}" if request.pinned else ""


def model_view(request: Request, *, roles: bool = False, only: str | None = None) -> str:
    """Code for the model view as it is on the page.

    roles: they colour its heads; only: the one whose heads do not fade.
    """
    if not roles:
        return _with_record(request, "attnlit.model_view(attention)")
    asked = _asked(request.attention, request.known)
    weights = f"attnlit.attend({asked})" if request.filters.passed_on else "attention"
    more = "" if only is None else f", only={only!r}"
    return _with_record(
        request,
        f"attnlit.model_view(attention, roles=roles{more})",
        imports=[("attnlit.analysis.scores", "main_roles"), ("attnlit.charts.model", "Roles")],
        whole=[f"roles = Roles(*main_roles({weights}))"],
    )


def heatmap(request: Request) -> str:
    """Code for the heat map of the chosen head, or of the mean of several."""
    head = request.head if len(request.heads) == 1 else [*request.heads]
    view = f"attnlit.heatmap(attention, layer={request.layer}, head={head}{_pinned(request)})"
    return _with_record(request, view)


def neuron_view(request: Request) -> str:
    """Code for the neuron view as it is on the page."""
    where = f"layer={request.layer}, head={request.head}, query={request.query}"
    return _with_record(request, f"attnlit.neuron_view(attention, {where})")


def flow_view(request: Request, routes: str, *imports: tuple[str, str]) -> str:
    """Code for the flow of one token. routes: code for the routes, from `attention` and `model`.

    imports: (room, name) of what that needs.
    """
    return _with_record(request, f"attnlit.flow_view({routes})", imports)


def writing_view(request: Request, position: int, word: str | None, against: str | None) -> str:
    """Code for the sum that makes a word's logit; the arguments are those of `attnlit.writes`."""
    attention = request.attention
    named = {"word": word, "against": against, "position": position, "pair": attention.pair or None}
    asked = [f"{name}={value!r}" for name, value in named.items() if value is not None]
    lines = [
        "import attnlit",
        "",
        f"model = attnlit.load({source(request.known)})",
        f"found = attnlit.writes(model, {', '.join([repr(attention.text), *asked])})",
        "attnlit.writing_view(found)",
    ]
    return "\n".join(lines)


def reading_view(model: Known, found: Answer, heads: Heads, words: Sequence[int], **how: Any) -> str:
    """Code for an answer and what was read for some of its words.

    how: how it was asked, the arguments of `attnlit.answer`; with `once_read` and `passed_on`, which say what
    is drawn of it.
    """
    drawn = {"once_read": how.pop("once_read"), "passed_on": how.pop("passed_on")}
    asked = {name: value for name, value in how.items() if value is not None}
    asked |= {"max_tokens": len(found.written)} | ({"kind": found.kind} if len(model.kinds) > 1 else {})
    shown = f"heads={heads!r}, words={[*words]}" + ", once_read=True" * drawn["once_read"]
    lines = [
        "import attnlit",
        "",
        f"model = attnlit.load({source(model)})",
        f"answer = attnlit.answer(model, {', '.join(f'{name}={value!r}' for name, value in asked.items())})",
        *(["answer = attnlit.passed_on(model, answer)"] * drawn["passed_on"]),
        f"attnlit.reading_view(answer, {shown})",
    ]
    return "\n".join(lines)


def recorded(request: Request, attention: Attention, known: Known, model: str = "model") -> str:
    """A line that records the attention of a text. model: what the code calls the model, `known`."""
    record = "passed_on" if request.filters.passed_on else "attend"
    return f"attention = attnlit.{record}({_asked(attention, known, model)})"


def _asked(attention: Attention, known: Known, model: str = "model") -> str:
    """The arguments with which a text was read."""
    asked = [model, repr(attention.text)]
    if attention.pair:
        asked.append(f"pair={attention.pair!r}")
    if len(known.kinds) > 1:
        asked.append(f"kind={attention.kind!r}")
    return ", ".join(asked)


def _with_record(
    request: Request, view: str, imports: Sequence[tuple[str, str]] = (), whole: Sequence[str] = ()
) -> str:
    """Code that opens the model, records its attention, takes away what the filters do, and draws.

    imports: (room, name) of what the view needs besides; whole: lines that need all of the attention.
    """
    of_filters, steps = filtering(request)
    lines = [
        "import attnlit",
        *(f"from {room} import {name}" for room, name in sorted([*imports, *of_filters])),
        "",
        f"model = attnlit.load({source(request.known)})",
        recorded(request, request.attention, request.known),
        *whole,
        *steps,
        view,
    ]
    return "\n".join(lines)


def source(model: Known) -> str:
    """What `load` takes: a hub's model with the commit that is on the page."""
    commit = _COMMIT.search(model.identity.removeprefix(model.source))
    if commit is None or "@" in model.source:
        return repr(model.source)
    return f"{model.source!r}, revision={commit.group()!r}"


def filtering(request: Request) -> tuple[list[tuple[str, str]], list[str]]:
    """Imports (room, name) and lines that take away what the page does, in the same order."""
    filters = request.filters
    imports, steps = [], []

    def step(room: str, name: str, *more: str) -> None:
        imports.append((room, name))
        steps.append(f"attention = {name}({', '.join(('attention', *more))})")

    rest = "attnlit.attention.filters"
    if filters.whole_words:
        step("attnlit.attention.words", "merge_words")
    if filters.without_special and filters.rescaled:
        marks = "{token.position for token in attention.keys if token.special}"
        step(rest, "hide_and_renormalise", marks)
    if filters.sentences != "All":
        step(rest, "between", repr(filters.sentences))
    if filters.without_special:
        step(rest, "hide_special")
    if any(filters.together):
        step("attnlit.attention.together", "take_together", *(repr([*side]) for side in filters.together))
    return sorted(imports), steps
