"""What stands under the title of a saved picture: whoever finds it without its page can tell what it is."""

from __future__ import annotations

import re
from collections.abc import Sequence

import attnlit
from attnlit.wording import capitalised, quoted

_FILES = re.compile(r"(?<= )[0-9a-f]{16,40}$")  # how an identity tells the content of a model's files
_SHORT = 10  # digits that are enough to tell them apart


def caption(name: str, identity: str, texts: Sequence[str], about: Sequence[str] = ()) -> str:
    """Lines for below a title: what is shown, and how heads count; the texts; the model's files, and ours.

    name, identity: the model's. texts: those that the picture shows; empty ones are left out. about: what it
    singles out and what its lines weigh, a few words each.
    """
    first = capitalised(" · ".join([*(each for each in about if each), "layers and heads count from 0"]))
    shown = " / ".join(quoted(text) for text in texts if text)
    last = f"{_with_files(name, identity)} · attnlit {attnlit.__version__}"
    return "\n".join([first, *([f"Text: {shown}"] if shown else []), last])


def _with_files(name: str, identity: str) -> str:
    """The model's name, and which files it was: a hub's commit, or what a bundled model's files come to.

    A folder's identity is made of its path and of times, which say nothing elsewhere.
    """
    files = _FILES.search(identity)
    if files is None or identity.startswith(("/", "\\")) or identity[1:3] == ":\\":
        return name
    return f"{name} ({files.group()[:_SHORT]})"
