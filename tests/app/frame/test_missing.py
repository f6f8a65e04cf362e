"""An address that names no page opens Home, which names the nearest one."""

from __future__ import annotations

import pytest
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

from tests.app.opening import ROOT, said


@pytest.mark.parametrize(
    ("name", "only", "answer", "leads_to"),
    [
        (
            "head_veiw",
            "",
            "There is no page “head_veiw”: this is Home. Did you mean “Head view”?",
            "Open “Head view”",
        ),
        (
            "Head-View",
            "",
            "There is no page “Head-View”: this is Home. Did you mean “Head view”?",
            "Open “Head view”",
        ),
        ("wp-login.php", "", "There is no page “wp-login.php”: this is Home.", ""),
        ("![a](b)", "", "There is no page “![a](b)”: this is Home.", ""),
        ("neurons", "flow", "There is no page “neurons” in this class: this is Home.", ""),
        ("home", "", "", ""),
        ("neurons", "", "", ""),
    ],
)
def test_home_says_that_there_is_no_such_page(
    name: str, only: str, answer: str, leads_to: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60)
    monkeypatch.setattr(PagesManager, "intended_page_name", name)  # as a browser says it at its first run
    if only:
        app.query_params["only"] = only
    app.run()
    assert not app.exception
    assert said(app) == answer
    assert app.title[0].value == ("attnlit" if name != "neurons" or only else "Neurons")
    links = [each.proto.label for each in app.get("page_link")]
    assert (leads_to in links) if leads_to else not any("Open “" in each for each in links)
