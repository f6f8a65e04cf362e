"""Colours: numbers on them can be read, faint text has contrast, and heads stay apart for all eyes."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from attnlit.charts.theme import (
    DARK,
    HEAD_COLOURS,
    HEAD_COLOURS_ON_DARK,
    LIGHT,
    Theme,
    blend,
    contrast,
    head_colour,
    head_dash,
    ink_on,
    theme_of,
)
from attnlit.errors import AttnlitError

MOST_LINES = 0.35  # opacity
# How linear red, green and blue are seen (Machado et al. 2009, severity 1).
EYES = {
    "usual": np.eye(3),
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritan": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}  # fmt: skip


def lab(colour: str, eye: str) -> np.ndarray:
    """CIELAB of an sRGB colour, D65, as an eye sees it."""
    channels = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    linear = np.clip(np.array(EYES[eye]) @ linear, 0, 1)
    to_xyz = np.array(
        [
            [0.4124564, 0.3575761, 0.1804375],
            [0.2126729, 0.7151522, 0.0721750],
            [0.0193339, 0.1191920, 0.9503041],
        ]
    )
    x, y, z = (
        np.cbrt(v) if v > 216 / 24389 else (24389 / 27 * v + 16) / 116
        for v in to_xyz @ linear / to_xyz.sum(axis=1)
    )
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def ciede2000(one: np.ndarray, other: np.ndarray) -> float:
    """The difference of two colours (Sharma, Wu and Dalal 2005)."""
    chroma = np.mean([np.hypot(*each[1:]) for each in (one, other)])
    stretch = 1.5 - 0.5 * np.sqrt(chroma**7 / (chroma**7 + 25.0**7))
    a1, a2 = one[1] * stretch, other[1] * stretch
    c1, c2 = np.hypot(a1, one[2]), np.hypot(a2, other[2])
    h1, h2 = np.degrees(np.arctan2(one[2], a1)) % 360, np.degrees(np.arctan2(other[2], a2)) % 360
    turn = h2 - h1 - 360 * round((h2 - h1) / 360)
    hue = (h1 + h2 + (360 if abs(h1 - h2) > 180 else 0)) / 2
    light, colour = (one[0] + other[0]) / 2, (c1 + c2) / 2
    t = (
        1 - 0.17 * np.cos(np.radians(hue - 30)) + 0.24 * np.cos(np.radians(2 * hue))
        + 0.32 * np.cos(np.radians(3 * hue + 6)) - 0.20 * np.cos(np.radians(4 * hue - 63))
    )  # fmt: skip
    d_light = (other[0] - one[0]) / (1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2))
    d_chroma = (c2 - c1) / (1 + 0.045 * colour)
    d_hue = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn) / 2) / (1 + 0.015 * colour * t)
    rotation = -2 * np.sqrt(colour**7 / (colour**7 + 25.0**7))
    rotation *= np.sin(np.radians(60 * np.exp(-(((hue - 275) / 25) ** 2))))
    return float(np.sqrt(d_light**2 + d_chroma**2 + d_hue**2 + rotation * d_chroma * d_hue))


def test_the_difference_of_colours_is_that_of_its_definition() -> None:
    # Pairs 1, 7 and 25 of the table that the authors publish for tests.
    for one, other, difference in (
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ):
        assert ciede2000(np.array(one), np.array(other)) == pytest.approx(difference, abs=1e-3)


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_heads_stay_apart_at_the_opacity_of_most_lines(theme: Theme, eye: str) -> None:
    seen = [lab(blend(theme.background, colour, MOST_LINES), eye) for colour in theme.heads]
    apart = min(ciede2000(one, other) for one, other in combinations(seen, 2))
    assert apart >= (6 if eye == "tritan" else 7)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_quiet_text_can_be_read(theme: Theme) -> None:
    for ground in (theme.background, theme.panel):
        assert contrast(theme.faint, ground) >= 4.5
        assert contrast(theme.text, ground) >= 7


def test_no_two_of_the_first_heads_look_the_same() -> None:
    looks = {(head_colour(head), head_dash(head)) for head in range(24)}
    assert len(looks) == 24
    assert [head_dash(head) for head in range(8)] == [0] * 8


def test_blending_goes_from_one_colour_to_the_other() -> None:
    assert [blend("#000000", "#FF8000", share) for share in (-1, 0, 0.5, 1, 2)] == [
        "#000000", "#000000", "#804000", "#FF8000", "#FF8000",
    ]  # fmt: skip


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_the_number_on_a_head_switch_can_be_read(theme: object) -> None:
    for colour in HEAD_COLOURS if theme is LIGHT else HEAD_COLOURS_ON_DARK:
        assert contrast(colour, ink_on(colour)) >= 4.5
        assert re.fullmatch("#[0-9A-F]{6}", colour)


def test_a_theme_goes_by_its_name() -> None:
    own = replace(DARK, name="ours", background="#000033")
    assert [theme_of("light"), theme_of("dark"), theme_of(own)] == [LIGHT, DARK, own]
    for wrong, said in (("blue", "“blue”"), (3, "an int")):
        with pytest.raises(AttnlitError, match=f"“light” or “dark”, not {said}"):
            theme_of(wrong)  # type: ignore[arg-type]
