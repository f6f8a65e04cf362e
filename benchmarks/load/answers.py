"""What the server's messages bring to a visitor: charts, numbers, widgets and mistakes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.Element_pb2 import Element

Value = str | bool | list[str] | list[float]


@dataclass
class Answer:
    """What one action brought, and when: seconds from the action."""

    chart: float = 0.0  # the last chart's data had arrived
    first_word: float | None = None  # the first word that a model wrote was there
    finished: float = 0.0  # the script had finished
    received: int = 0  # bytes
    charts: list[dict[str, str]] = field(default_factory=list)  # a chart: its tables' names and digests
    numbers: list[str] = field(default_factory=list)  # large figures as they are shown; digests of tables
    mistakes: list[str] = field(default_factory=list)  # exceptions, errors and warnings that the app shows


@dataclass
class Widget:
    """A widget that the page shows, and what it is set to."""

    id: str
    address: str  # its name in the address, or ""
    default: Value
    value: Value
    options: Sequence[Value] = ()
    numeric: bool = False  # a slider


def take(
    element: Element,
    answer: Answer,
    held: Mapping[str, Widget],
    shown: dict[str, Widget],
    buttons: dict[str, str],
) -> None:
    """Puts what an element brings into the answer, the widgets shown (by key) or the buttons (by label).

    A widget that was held keeps its value, unless the server sets another one.
    """
    kind = str(element.WhichOneof("type"))
    part = getattr(element, kind)
    if kind == "vega_lite_chart":
        tables = {table.name: digest(table.data.data) for table in part.datasets}
        answer.charts.append(tables)
    elif kind == "exception":
        answer.mistakes.append(f"{part.type}: {part.message}")
    elif kind == "alert" and part.format in (Alert.ERROR, Alert.WARNING):
        answer.mistakes.append(part.body)
    elif kind == "metric":
        answer.numbers.append(f"{part.label} {part.body}")
    elif kind == "dataframe":
        answer.numbers.append(digest(part.arrow_data.data))
    elif kind == "button":
        buttons[part.label] = part.id
    elif kind in ("selectbox", "text_area", "text_input", "button_group", "checkbox", "slider"):
        default, given, options = _values(kind, part)
        key = part.id.split("-", 2)[2]
        before = held.get(key)
        value = given if part.set_value else before.value if before and before.id == part.id else default
        shown[key] = Widget(part.id, part.query_param_key, default, value, options, kind == "slider")


def _values(kind: str, part: Any) -> tuple[Value, Value, Sequence[Value]]:
    """A widget's default, the value that the server sets (valid where it says so), and the choices."""
    if kind == "selectbox":
        chosen = part.options[part.default] if part.options and part.HasField("default") else ""
        return chosen, part.raw_value, list(part.options)
    if kind == "button_group":
        options = [option.content for option in part.options]
        return [options[place] for place in part.default], list(part.raw_values), [[each] for each in options]
    if kind == "slider":
        options = [[float(each)] for each in range(int(part.min), int(part.max) + 1)]
        return list(part.default), list(part.value), options
    return part.default, part.value, (True, False) if kind == "checkbox" else ()


def digest(data: bytes) -> str:
    """A short name for a table's bytes."""
    return hashlib.blake2b(data, digest_size=8).hexdigest()


def in_address(value: Value) -> list[str]:
    """A widget's value as the address spells it."""
    if isinstance(value, list):
        return [f"{each:g}" if isinstance(each, float) else each for each in value]
    return [str(value).lower() if isinstance(value, bool) else value]
