"""Small true pictures as SVG: what an example shows, before its page is opened.

They follow the same rule as the large ones: opacity is the weight itself. As the image of
a page they have no access to its type and colours, so they bring their own.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import numpy as np

from attnlit.charts.opacity import filled
from attnlit.charts.theme import FONT, LIGHT, Theme, head_colour

if TYPE_CHECKING:
    from attnlit.attention.record import Attention

WIDTH, HEIGHT = 320, 132  # of the drawing, in its own units; it is shown at any size
_LEFT, _RIGHT = 90, WIDTH - 90  # where the two columns of tokens end and begin
_GAP = 5  # between a token and its lines
_LEAST = 0.05  # weights below this would not be seen
_TALLEST, _LEGIBLE = 17.0, 9.0  # pixels a row: at most; from which on every token is written
_LONGEST = 13  # characters of a token


def head_thumbnail(
    attention: Attention, layer: int, head: int, query: int, *, theme: Theme = LIGHT, alt: str = ""
) -> str:
    """One head as lines between two columns; those of one query in the head's colour, its words written."""
    weights = filled(attention.weights[attention.row(layer), head])  # (Q, K)
    row = min(_TALLEST, HEIGHT / max(weights.shape))

    def y(index: int) -> float:
        return (index + 0.5) * row

    lines = []
    for looks, key in zip(*np.nonzero(weights >= _LEAST), strict=True):
        colour, wide = (head_colour(head, theme), 2.4) if looks == query else (theme.ink, 1)
        lines.append(
            f'<line x1="{_LEFT + _GAP}" y1="{y(looks):.1f}" x2="{_RIGHT - _GAP}" y2="{y(key):.1f}" '
            f'stroke="{colour}" stroke-width="{wide}" stroke-opacity="{weights[looks, key]:.2f}"/>'
        )
    every = row >= _LEGIBLE
    named = {query}, {int(weights[query].argmax())}
    words = [
        _text(token.text, x, y(place), anchor, min(row, 12) if every else 12, strong=place in strong)
        for tokens, x, anchor, strong in (
            (attention.queries, _LEFT, "end", named[0]),
            (attention.keys, _RIGHT, "start", named[1]),
        )
        for place, token in enumerate(tokens)
        if every or place in strong
    ]
    return _drawing([*lines, *words], row * max(weights.shape), theme, alt)


def model_thumbnail(
    attention: Attention, layer: int, head: int, *, theme: Theme = LIGHT, alt: str = ""
) -> str:
    """Every head of every layer: for each token a line to the token that it looks at most; one is framed."""
    weights = filled(attention.weights)  # (L, H, Q, K)
    layers, heads, queries, keys = weights.shape
    cell = min(WIDTH / heads, HEIGHT / layers)
    left, wide = (WIDTH - cell * heads) / 2, cell * 0.86
    most, at = weights.max(-1), weights.argmax(-1)  # (L, H, Q)
    shapes = []
    for down, across in np.ndindex(layers, heads):
        x, y = left + across * cell, down * cell
        path = "".join(
            f"M{x + 1:.1f} {y + (q + 0.5) * wide / queries:.1f}"
            f"L{x + wide - 1:.1f} {y + (at[down, across, q] + 0.5) * wide / keys:.1f}"
            for q in range(queries)
        )
        here = (attention.layer_numbers[down], across) == (layer, head)
        frame = f' stroke="{theme.accent}" stroke-width="2"' if here else ""
        place = f'x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{wide:.1f}"'
        shapes.append(
            f'<rect {place} fill="{theme.panel}"{frame}/>'
            f'<path d="{path}" stroke="{theme.ink}" stroke-opacity="{most[down, across].mean():.2f}"/>'
        )
    return _drawing(shapes, HEIGHT, theme, alt)


def row_thumbnail(
    attention: Attention, layer: int, head: int, query: int, *, theme: Theme = LIGHT, alt: str = ""
) -> str:
    """What one token gives to each token that it can see, as bars; the strongest ones are written."""
    row = filled(attention.weights[attention.row(layer), head, query])  # (K,)
    shown = sorted(np.argsort(-row, kind="stable")[:6].tolist())
    high = HEIGHT / (len(shown) + 1)
    room = WIDTH - 40 - _LEFT
    shapes = [_text(attention.queries[query].text, _LEFT, high / 2, "end", 12, strong=True)]
    for place, key in enumerate(shown, start=1):
        y = (place + 0.5) * high
        shapes += [
            _text(attention.keys[key].text, _LEFT, y, "end", 12),
            f'<rect x="{_LEFT + _GAP}" y="{y - 5:.1f}" width="{max(1.0, room * row[key]):.1f}" height="10" '
            f'fill="{head_colour(head, theme)}"/>',
            _text(f"{row[key]:.0%}", _LEFT + 2 * _GAP + room * row[key], y, "start", 11),
        ]
    return _drawing(shapes, HEIGHT, theme, alt)


def _text(text: str, x: float, y: float, anchor: str, size: float, *, strong: bool = False) -> str:
    short = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    weight = ' font-weight="700"' if strong else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" dominant-baseline="central" '
        f'font-size="{size:.1f}"{weight}>{html.escape(short)}</text>'
    )


def _drawing(shapes: list[str], height: float, theme: Theme, alt: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img" '
        f'aria-label="{html.escape(alt)}" font-family="{FONT}"><style>text {{ fill: {theme.text}; }}</style>'
        f"{''.join(shapes)}</svg>"
    )
