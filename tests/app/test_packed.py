"""Long texts in an address come back as they were, and no larger than a text may be."""

from __future__ import annotations

import base64
import zlib

import pytest

from attnlit.app.frame.packed import packed, unpacked
from attnlit.app.frame.sidebar import TEXT
from tests.app.opening import opened

LONG = "Der Löwe & die Maus: 🦁 gähnt.\n" * 40


@pytest.mark.parametrize("text", ["", "The cat sat.", LONG, "z~", "z~eJwLAA", "a" * 301])
def test_a_text_comes_back_as_it_was(text: str) -> None:
    assert unpacked(packed(text)) == text


def test_a_short_text_can_be_read_in_the_address_and_a_long_one_is_shorter() -> None:
    assert packed("The cat sat.") == "The cat sat."
    assert len(packed(LONG)) < len(LONG) / 5


@pytest.mark.parametrize(
    "value", ["z~", "z~%%%", "z~AAAA", "z~eJw", "z~ü", packed(LONG)[:60], packed(LONG)[:-4]]
)
def test_what_a_mail_program_left_of_a_link_is_no_text(value: str) -> None:
    assert unpacked(value) is None


def test_what_unpacks_to_gigabytes_is_cut() -> None:
    bomb = base64.urlsafe_b64encode(zlib.compress(b"a " * 30_000_000, 9)).decode()
    text = unpacked("z~" + bomb)
    assert text is not None
    assert 1000 < len(text) < 10_000_000


def test_a_page_opens_with_a_packed_text() -> None:
    app = opened("head_view", text=packed(LONG[:310]))
    assert app.text_area(key="text").value == LONG[:310]


def test_a_damaged_link_is_said_once_and_the_page_opens_with_its_own_text() -> None:
    app = opened("head_view", text=packed(LONG)[:60])
    assert [warning.value[:20] for warning in app.warning] == ["This link is damaged"]
    assert app.text_area(key="text").value == TEXT
    assert app.get("vega_lite_chart")
    assert not app.run().warning
