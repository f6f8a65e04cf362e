"""Opening a page without a browser, and reading what it says."""

from __future__ import annotations

import re
from pathlib import Path

from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parents[2]
VIEWS = ("head_view", "model_view", "neuron_view")
MODELS = ("mini-gpt2", "mini-bert")


def opened(page: str, **address: str | list[str]) -> AppTest:
    """The page as a visitor finds it who follows a link to it on a server that nobody has visited.

    What stands in its menus of links and code can be read: they are open.
    """
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60)
    for menu in ("Link", "Code"):
        app.session_state[f"{menu} menu"] = True
    app.switch_page(f"pages/{page}.py")
    for name, value in address.items():
        app.query_params[name] = value
    return app.run()


def typed(app: AppTest, text: str, pair: str = "") -> AppTest:
    """The same page after these texts were typed and sent."""
    app.text_area(key="text").set_value(text)
    app.text_area(key="pair").set_value(pair)
    return next(each for each in app.button if each.label == "Show attention").click().run()


def with_menu(app: AppTest, label: str) -> AppTest:
    """The same page with one of its menus open: its content is drawn only then."""
    app.session_state[f"{label} menu"] = True
    return app.run()


def said(app: AppTest) -> str:
    """All that the page answered to a mistake."""
    return plain(" ".join(warning.value for warning in app.warning))


def plain(markdown: str) -> str:
    """A message as it is read: without the marks that keep it from being markup."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", markdown).replace("\u2060", "")


def told(app: AppTest) -> str:
    """All that the page says."""
    return plain("\n".join(each.value for each in (*app.markdown, *app.caption, *app.info)))
