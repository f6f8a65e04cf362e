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


def unpacked(value: str) -> str | None:
    """The text that an address holds: as it stands, or packed; None where a packed one is damaged.

    Mail programs cut long links off, and what is left of one would be another text.
    """
    if not value.startswith(_MARK):
        return value
    inside = value.removeprefix(_MARK)
    try:
        given = base64.b64decode(inside + "=" * (-len(inside) % 4), altchars=b"-_", validate=True)
        opening = zlib.decompressobj()
        opened = opening.decompress(given, limits.max_tokens() * _BYTES)
    except (binascii.Error, zlib.error, ValueError):
        return None
    whole = opening.eof or opening.unconsumed_tail  # the second: there is more than may be read
    return opened.decode(errors="replace") if whole else None
