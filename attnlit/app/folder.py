"""Where the script and the pages that Streamlit runs are: beside the package, or where a wheel puts them."""

from __future__ import annotations

from functools import cache
from importlib import metadata
from pathlib import Path

from attnlit.errors import AttnlitError

SCRIPT = "streamlit_app.py"


@cache
def app_folder() -> Path:
    """The folder of `streamlit_app.py`, `pages/` and `.streamlit/`. Raises AttnlitError if there is none."""
    beside = Path(__file__).parents[2]
    if (beside / SCRIPT).is_file() and (beside / "pages").is_dir():
        return beside
    try:
        files = metadata.files("attnlit") or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name == SCRIPT:
            return Path(str(file.locate())).resolve().parent
    raise AttnlitError("The pages of the app were not installed with attnlit. Reinstall it.")
