"""Long texts in an address: compressed, and as they come back bounded, whoever made the address.

A short text stands there as it is, so that a link can be written by hand. A packed one begins with a mark; a
text that begins with the same mark by itself is always packed.
"""

from __future__ import annotations

import base64
import binascii
import zlib

from attnlit.models import limits

_MARK = "z~"
_SHORT = 300  # characters: mail programs break longer links
_BYTES = 200  # for each token that may be read: more than any that is typed needs


def packed(text: str) -> str:
    """A text as an address holds it."""
    if len(text) <= _SHORT and not text.startswith(_MARK):
        return text
    inside = zlib.compress(text.encode(errors="replace"), 9)
    return _MARK + base64.urlsafe_b64encode(inside).decode().rstrip("=")


def unpacked(value: str) -> str:
    """The text that an address holds. What was not made by `packed` is a text as it stands."""
    if not value.startswith(_MARK):
        return value
    inside = value.removeprefix(_MARK)
    try:
        given = base64.b64decode(inside + "=" * (-len(inside) % 4), altchars=b"-_", validate=True)
        opened = zlib.decompressobj().decompress(given, limits.max_tokens() * _BYTES)
    except (binascii.Error, zlib.error, ValueError):
        return value
    return opened.decode(errors="replace")
