"""`attnlit` and `attnlit open DIR`: the app in the browser, on this machine only."""

from __future__ import annotations

import argparse
import importlib.util
import os
import socket
import subprocess
import sys
import threading
import time
import webbrowser
from typing import Any
from urllib.parse import urlencode

from attnlit.app.folder import app_folder
from attnlit.commands.named import folder_named
from attnlit.errors import AttnlitError
from attnlit.models.limits import SURVEY

_FIRST_PORT, _PORTS = 8501, 50
_LAST_PORT = 65_535
_HOST = "localhost"
_PATIENCE = 60.0  # seconds until a server answers


def add_to(commands: Any) -> None:
    """Add this command to those of the parser."""
    parser = commands.add_parser(
        "open",
        help="open the app, perhaps with a survey",
        description="Open the app in the browser. With a folder that “attnlit survey” has made, open that.",
    )
    parser.add_argument("folder", metavar="DIR", type=folder_named, nargs="?", help="the folder of a survey")
    parser.add_argument("--port", type=int, help="of this machine (default: the first free one from 8501)")
    parser.add_argument("--no-browser", action="store_true", help="only say where it is")
    parser.add_argument("--any-model", action="store_true", help="any hub model or folder may be named there")
    parser.set_defaults(run=run)


def run(asked: argparse.Namespace) -> int:
    """Start the server, open the browser, stay until the server ends."""
    if importlib.util.find_spec("streamlit") is None:
        raise AttnlitError("The app needs Streamlit, which is not installed: pip install 'attnlit[app]'.")
    if asked.port is not None and not 0 < asked.port <= _LAST_PORT:
        raise AttnlitError(f"A port is a number from 1 to {_LAST_PORT}, and this is {asked.port}.")
    address, environment = "", dict(os.environ)
    if asked.folder is not None:
        from attnlit.analysis.survey.store import load

        saved = load(asked.folder)
        address = "patterns?" + urlencode({"model": saved.source})
        environment[SURVEY] = str(asked.folder.resolve())
        environment["ATTNLIT_ANY_MODEL"] = "1"  # whoever made the survey has opened it
    if asked.any_model:
        environment["ATTNLIT_ANY_MODEL"] = "1"
    port = asked.port or _free_port()
    url = f"http://{_HOST}:{port}/{address}"
    print(f"attnlit is at {url}  (Ctrl+C ends it)")
    if not asked.no_browser:
        threading.Thread(target=_open_when_ready, args=(port, url), daemon=True).start()
    # Streamlit reads its settings, such as the colours, from the folder that it starts in.
    return subprocess.run(
        [
            *(sys.executable, "-m", "streamlit", "run", "streamlit_app.py"),
            *("--server.address", _HOST, "--server.port", str(port), "--server.headless", "true"),
        ],
        cwd=app_folder(),
        env=environment,
        check=False,
    ).returncode


def _free_port() -> int:
    for port in range(_FIRST_PORT, _FIRST_PORT + _PORTS):
        with socket.socket() as attempt:
            try:
                attempt.bind((_HOST, port))
            except OSError:
                continue
            return port
    last = _FIRST_PORT + _PORTS - 1
    raise AttnlitError(f"Ports {_FIRST_PORT} to {last} are all taken: name another one with --port.")


def _open_when_ready(port: int, url: str) -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        with socket.socket() as attempt:
            if attempt.connect_ex((_HOST, port)) == 0:
                webbrowser.open(url)
                return
        time.sleep(0.1)
