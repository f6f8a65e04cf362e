"""What is in a drawn chart: its texts, lines, places and pixels."""

from __future__ import annotations

import base64
import re
from io import BytesIO
from typing import Any
from xml.etree import ElementTree

import altair as alt
import numpy as np
from PIL import Image

from attnlit.charts.picture import Picture, rows_of, with_values
from attnlit.charts.rendering import rendered

Svg = ElementTree.Element


def svg_of(chart: Any, width: int | None = None, **values: Any) -> Svg:
    """The chart as a drawing. A `Picture` as in the app, or by itself with these values of parameters."""
    if isinstance(chart, Picture):
        spec = with_values(chart.spec_by_itself, values) if values else chart.spec
        size = {} if width is None else {"width": width}
        return ElementTree.fromstring(rendered({**spec, **size, "datasets": rows_of(chart.tables)}, "svg"))
    return ElementTree.fromstring(rendered(chart.to_dict(), "svg"))


def assert_vega_lite_takes(spec: dict[str, Any]) -> None:
    """Its form is what Vega-Lite's schema asks for. (To make a chart of it would take ten times as long.)"""
    alt.TopLevelLayerSpec.validate({**spec, "$schema": alt.SCHEMA_URL})


def texts(svg: Svg) -> list[str]:
    return [text for element in svg.iter() if element.tag.endswith("text") and (text := element.text)]


def place_of(element: Svg) -> tuple[float, float]:
    x, y = re.findall(r"-?[\d.]+", element.get("transform", ""))[:2]
    return float(x), float(y)


def pixels(address: str) -> np.ndarray:
    """The picture behind a data address: uint8 (rows, columns, red green blue alpha)."""
    prefix = "data:image/png;base64,"
    assert address.startswith(prefix)
    return np.asarray(Image.open(BytesIO(base64.b64decode(address[len(prefix) :]))).convert("RGBA"))


def image_of(picture: Picture) -> np.ndarray:
    """The image in a heat map: uint8 (queries, keys, red green blue alpha)."""
    return pixels(picture.tables["image"]["url"][0].as_py())


def sources(spec: Any) -> set[str]:
    """The names of all data sources in a specification."""
    if isinstance(spec, dict):
        own = {spec["data"]["name"]} if "name" in (spec.get("data") or {}) else set()
        return own.union(*(sources(part) for part in spec.values()), set())
    return set().union(*(sources(part) for part in spec)) if isinstance(spec, list) else set()
