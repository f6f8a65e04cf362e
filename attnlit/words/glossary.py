"""What the terms of the field mean, in a sentence or two; the text stands in `glossary.md`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from attnlit.wording import capitalised

_ENTRY = re.compile(r"^## (?P<term>.+)\n(?P<meaning>(?:(?!## ).*\n?)+)", re.MULTILINE)


def _read() -> dict[str, str]:
    text = Path(__file__).with_suffix(".md").read_text(encoding="utf-8")
    return {found["term"]: " ".join(found["meaning"].split()) for found in _ENTRY.finditer(text)}


# Meanings by term, from a token to an untrained model.
GLOSSARY: Mapping[str, str] = MappingProxyType(_read())


def explained(*terms: str) -> str:
    """A list of terms and meanings in Markdown. Raises KeyError for a term that the glossary lacks."""
    return "\n".join(f"- **{capitalised(term)}**: {GLOSSARY[term]}" for term in terms)
