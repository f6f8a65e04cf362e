"""Colours and type: the one place to change how every chart looks."""

from __future__ import annotations

from dataclasses import dataclass

FONT = "Source Sans, Source Sans Pro, Inter, system-ui, sans-serif"

# Twelve hues that stay apart for the three kinds of colour-blindness: the smallest CIELAB distance for
# deutan, protan and tritan eyes is 21, 21 and 16 on white, and 18, 18 and 14 on black, where each also has a
# contrast of 5:1, so that a faint line is still seen.
HEAD_COLOURS = (
    "#0072B2", "#E69F00", "#009E73", "#E01249", "#56B4E9", "#894472",
    "#CEAE62", "#4E47C6", "#B86800", "#967FFE", "#176831", "#7FA5B0",
)  # fmt: skip
HEAD_COLOURS_ON_DARK = (
    "#78C9FE", "#EEAD35", "#80F4B9", "#FC285D", "#538EBA", "#F9B6D5",
    "#FCDB7C", "#6F75F6", "#CB742A", "#9298FD", "#6CAE7E", "#718B95",
)  # fmt: skip


@dataclass(frozen=True)
class Theme:
    """The colours of one theme. ``positive`` and ``negative`` are the blue and orange of signed values."""

    name: str
    background: str
    text: str
    faint: str  # labels and captions: still at least 4.5:1 on the background
    rule: str  # hairlines
    panel: str  # behind thumbnails
    hover: str
    pinned: str
    accent: str
    positive: str
    negative: str
    heads: tuple[str, ...]


LIGHT = Theme(
    name="light", background="#FFFFFF", text="#31333F", faint="#666B77", rule="#E6E8EC", panel="#F7F8FA",
    hover="#E9EDF3", pinned="#CFDDEE", accent="#0072B2", positive="#1F66B0", negative="#DB6F0B",
    heads=HEAD_COLOURS,
)  # fmt: skip
DARK = Theme(
    name="dark", background="#0E1117", text="#FAFAFA", faint="#A3A8B4", rule="#31353F", panel="#151A22",
    hover="#262A33", pinned="#2B3B52", accent="#56B4E9", positive="#62B0E8", negative="#F2A254",
    heads=HEAD_COLOURS_ON_DARK,
)  # fmt: skip


def head_colour(head: int, theme: Theme = LIGHT) -> str:
    """The colour of a head; after twelve they repeat, so its number must always be visible too."""
    return theme.heads[head % len(theme.heads)]


def ink_on(colour: str) -> str:
    """Black or white, whichever is easier to read on a ground of this colour (WCAG contrast)."""
    return "#FFFFFF" if contrast(colour, "#FFFFFF") >= contrast(colour, "#000000") else "#000000"


def contrast(colour: str, other: str) -> float:
    """WCAG contrast ratio of two ``#rrggbb`` colours, from 1 (the same) to 21 (black on white)."""
    lighter, darker = sorted((_luminance(colour), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    """Relative luminance of an sRGB colour, 0 to 1 (WCAG 2)."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
