"""What may stand in an address behind any name, and what a page may never make of it."""

from __future__ import annotations

import re

from streamlit.testing.v1 import AppTest

NONSENSE = {
    "empty": "",
    "markup": "![](http://a.example/x.png) [Log in](http://a.example) <b>",
    "long": "x" * 5_000,
    "control": "2\x00\x1b[2J\u202e",
    "none": "None",
    "number": "-1.5e9",
    "list": "[2]",
    "unicode": "第2層 🙂",
}


def shows_markup(app: AppTest) -> bool:
    """Whether anything that is shown is a link or a picture to somewhere else."""
    kinds = (app.markdown, app.caption, app.warning, app.info, app.error, app.title, app.header)
    said = [each.value for kind in kinds for each in kind]
    widgets = (
        app.button,
        app.selectbox,
        app.multiselect,
        app.toggle,
        app.slider,
        app.text_input,
        app.text_area,
    )
    said += [each.label for kind in widgets for each in kind]  # a label is Markdown, too
    return any(re.search(r"(?<!\\)\]\(http", each) for each in said)
