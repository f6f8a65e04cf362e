"""Colours and type: the one place to change how every chart looks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from attnlit.errors import AttnlitError
from attnlit.wording import a_kind, quoted

MONOSPACE_DIGITS = "Source Code Pro, ui-monospace, SFMono-Regular, Menlo, monospace"
FONT = "Source Sans, Source Sans Pro, Inter, system-ui, sans-serif"

# Eight hues that stay apart at the opacity of most lines, also for the three kinds of colour-blindness.
# Later heads have the same hues again, with other dashes.
HEAD_COLOURS = (
    "#1360EB", "#D8A80B", "#00A48F", "#B4003B", "#5FB5ED", "#690777", "#A5905B", "#4F3400",
)  # fmt: skip
HEAD_COLOURS_ON_DARK = (
    "#94B9DF", "#E6AD00", "#25B98D", "#FF3957", "#B7FFFE", "#B175FF", "#E6FF74", "#FFF2C6",
)  # fmt: skip
DASHES: tuple[tuple[int, ...], ...] = ((), (6, 3), (2, 2))  # pixels drawn and left out, in turn


@dataclass(frozen=True)
class Theme:
    """The colours of one theme. `positive` and `negative` are the blue and orange of signed values."""

    name: str
    background: str
    text: str
    # Labels and captions: still at least 4.5:1 on the background.
    faint: str
    # Hairlines.
    rule: str
    # Behind thumbnails.
    panel: str
    # Lines and bars that no colour distinguishes.
    ink: str
    hover: str
    pinned: str
    accent: str
    positive: str
    negative: str
    heads: tuple[str, ...]


LIGHT = Theme(
    name="light", background="#FFFFFF", text="#31333F", faint="#666B77", rule="#E6E8EC", panel="#F7F8FA",
    ink="#3B4A63", hover="#E9EDF3", pinned="#CFDDEE", accent="#0072B2",
    positive="#1F66B0", negative="#DB6F0B", heads=HEAD_COLOURS,
)  # fmt: skip
DARK = Theme(
    name="dark", background="#0E1117", text="#FAFAFA", faint="#A3A8B4", rule="#31353F", panel="#151A22",
    ink="#B9C6DC", hover="#262A33", pinned="#2B3B52", accent="#56B4E9",
    positive="#62B0E8", negative="#F2A254", heads=HEAD_COLOURS_ON_DARK,
)  # fmt: skip


# How a theme is asked for: its name, or colours of one's own.
Look = Theme | Literal["light", "dark"]


def theme_of(look: Look) -> Theme:
    """The colours that are asked for. Raises AttnlitError for a theme that does not exist."""
    if isinstance(look, Theme):
        return look
    for theme in (LIGHT, DARK):
        if isinstance(look, str) and look == theme.name:
            return theme
    said: Any = look
    named = quoted(said) if isinstance(said, str) else a_kind(said)
    raise AttnlitError(f"A picture's theme is “light” or “dark”, not {named}.")


def head_colour(head: int, theme: Theme = LIGHT) -> str:
    """The colour of a head. After eight they repeat, with other dashes: see `head_dash`."""
    return theme.heads[head % len(theme.heads)]


def head_dash(head: int) -> int:
    """Which of `DASHES` the lines of a head have; a head's number is always visible, too."""
    return head // len(HEAD_COLOURS) % len(DASHES)


@lru_cache(maxsize=256)
def ink_on(colour: str) -> str:
    """Black or white, whichever is easier to read on a ground of this colour (WCAG contrast)."""
    return "#FFFFFF" if contrast(colour, "#FFFFFF") >= contrast(colour, "#000000") else "#000000"


def blend(from_colour: str, to_colour: str, share: float) -> str:
    """A colour between two, at this share of the way; shares below 0 and above 1 are the ends."""
    share = min(max(share, 0.0), 1.0)
    pairs = zip(_channels(from_colour), _channels(to_colour), strict=True)
    return "#" + "".join(f"{round(start + share * (end - start)):02X}" for start, end in pairs)


def _channels(colour: str) -> list[int]:
    """Red, green and blue, 0 to 255."""
    return [int(colour[start : start + 2], 16) for start in (1, 3, 5)]


def contrast(colour: str, other: str) -> float:
    """WCAG contrast ratio of two `#rrggbb` colours, from 1 (the same) to 21 (black on white)."""
    lighter, darker = sorted((_luminance(colour), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    """Relative luminance of an sRGB colour, 0 to 1 (WCAG 2)."""
    channels = [channel / 255 for channel in _channels(colour)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
