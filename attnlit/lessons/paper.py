"""A sheet or a key as a page that any browser opens and prints."""

from __future__ import annotations

import html
import re

_STYLE = """
@page { margin: 18mm }
body { font: 12pt/1.45 Helvetica, Arial, sans-serif; color: #222; max-width: 40em; margin: 2em auto }
h1 { font-size: 1.5em } h2 { font-size: 1.1em; margin: 1.6em 0 0.3em; break-after: avoid }
p { margin: 0.4em 0 } ul { list-style: none; padding: 0; margin: 0.3em 0; break-inside: avoid }
@media print { body { margin: 0; max-width: none } }
"""
_BOXES = {"- [x] ": "☒", "- [ ] ": "☐"}
_MARKS = ((r"\*\*(.+?)\*\*(?!\*)", r"<strong>\1</strong>"), (r"\*(.+?)\*", r"<em>\1</em>"))


def paper(text: str) -> bytes:
    """The page of a sheet or a key. text: titles, boxes and lines, in Markdown as `answers` writes it."""
    title = text.partition("\n")[0].removeprefix("# ")
    parts, items = [], []
    for line in [*text.split("\n"), ""]:
        if line[:6] in _BOXES:
            items.append(f"<li>{_BOXES[line[:6]]} {_inline(line[6:])}</li>")
            continue
        if items:
            parts.append(f"<ul>{''.join(items)}</ul>")
            items = []
        found = re.fullmatch(r"(#{0,2}) ?(.*)", line)
        if found and found[2]:
            tag = {"#": "h1", "##": "h2"}.get(found[1], "p")
            parts.append(f"<{tag}>{_inline(found[2])}</{tag}>")
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{html.escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(parts)
        + "\n</body>\n</html>\n"
    ).encode()


def _inline(text: str) -> str:
    """A line, harmless, with what is bold or in italics."""
    text = html.escape(text)
    for mark, tag in _MARKS:
        text = re.sub(mark, tag, text)
    return text
