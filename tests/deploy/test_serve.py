"""Several replicas behind HAProxy: what is rendered, what is kept secret, and the real thing with two."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import ModuleType

import pytest

from benchmarks.load.client import Visitor
from benchmarks.load.server import app, free_port
from tests.visiting import run

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def serve() -> ModuleType:
    """deploy/serve.py, which is a script and no package."""
    spec = importlib.util.spec_from_file_location("serve", ROOT / "deploy" / "serve.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


needs_haproxy = pytest.mark.skipif(
    not any(Path(place, "haproxy").exists() for place in ("/usr/sbin", "/usr/bin", "/usr/local/sbin")),
    reason="HAProxy is not installed: sudo apt-get install haproxy",
)


def test_every_replica_has_a_line_and_a_name_for_its_cookie(serve: ModuleType) -> None:
    lines = serve.configuration([9001, 9002, 9003]).splitlines()
    assert [line.split() for line in lines[-3:]] == [
        ["server", str(place), f"127.0.0.1:{9000 + place}", "cookie", str(place)] for place in (1, 2, 3)
    ]
    assert lines[:-3] == serve.CONFIGURATION.read_text().splitlines()


@needs_haproxy
@pytest.mark.parametrize("replicas", [1, 2, 5])
def test_haproxy_accepts_the_configuration(serve: ModuleType, tmp_path: Path, replicas: int) -> None:
    file = tmp_path / "a folder" / "haproxy.cfg"
    file.parent.mkdir()
    file.write_text(serve.configuration(range(9001, 9001 + replicas)))
    door = os.environ | {"ATTNLIT_LISTEN": f"127.0.0.1:{free_port()}"}
    told = subprocess.run(
        [serve.find_haproxy(), "-c", "-f", str(file)], env=door, capture_output=True, text=True
    )
    assert told.returncode == 0, told.stderr
    assert "WARNING" not in told.stderr


def test_the_secret_is_made_once_and_only_its_owner_can_read_it(
    serve: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(serve.SECRET_VARIABLE, raising=False)
    file = tmp_path / "cookie_secret"
    secret = serve.cookie_secret(file)
    assert len(secret) >= 32
    assert serve.cookie_secret(file) == secret
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert secret not in " ".join(serve.replica(9001))
    assert serve.replica_environment(secret)[serve.SECRET_VARIABLE] == secret


def test_the_operators_own_secret_comes_first(
    serve: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(serve.SECRET_VARIABLE, "of the operator")
    assert serve.cookie_secret(tmp_path / "cookie_secret") == "of the operator"
    assert not list(tmp_path.iterdir())


def test_without_haproxy_the_script_says_how_to_get_it(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-c", SCRIPT_WITHOUT_HAPROXY], cwd=ROOT, capture_output=True, text=True
    )
    assert told.returncode == 1
    assert "apt-get install haproxy" in told.stderr


SCRIPT_WITHOUT_HAPROXY = """
import shutil, sys, runpy
shutil.which = lambda *_, **__: None
sys.argv = ["serve.py", "2"]
runpy.run_path("deploy/serve.py", run_name="__main__")
"""


@needs_haproxy
@pytest.mark.parametrize("option", ["--listen", "--first-port"])
def test_a_port_that_is_in_use_is_said_before_anything_starts(tmp_path: Path, option: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        ports = {"--listen": str(free_port()), "--first-port": str(free_port()), option: port}
        words = [word for pair in ports.items() for word in pair]
        told = subprocess.run(
            [sys.executable, "deploy/serve.py", "1", *words, "--state", str(tmp_path)],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
    assert told.returncode == 1
    assert told.stderr == f"Port {port} is in use. Choose another with {option}.\n"


def test_what_ends_is_started_again_until_told_to_stop(serve: ModuleType, tmp_path: Path) -> None:
    log, stop = tmp_path / "starts", threading.Event()
    command = [sys.executable, "-c", f"open({str(log)!r}, 'a').write('x')"]
    thread, _ = serve.keeper("a process that ends at once", command, os.environ, stop)
    while not log.exists() or len(log.read_text()) < 2:
        assert thread.is_alive()
        time.sleep(0.05)
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


@pytest.mark.server
@needs_haproxy
def test_a_visitor_stays_with_one_replica_and_moves_when_it_dies() -> None:
    with app(replicas=2) as server:
        first, second = server.replicas()
        assert secret_of(first) == secret_of(second) != ""

        async def visit() -> None:
            visitors = [Visitor(server.url), Visitor(server.url)]
            await asyncio.gather(*(visitor.open("head_view") for visitor in visitors))
            for visitor in visitors:
                await visitor.submit(text="She opened the letter.", pair="")
            homes = [visitor.cookies["attnlit_replica"] for visitor in visitors]
            assert sorted(homes) == ["1", "2"]

            os.kill(first, signal.SIGKILL)
            for visitor in visitors:
                answer = await visitor.choose("layer", ["2"])
                assert not answer.mistakes
                assert visitor.shows()["text"] == "She opened the letter."
                assert visitor.shows()["layer"] == ["2"]
            assert len({visitor.cookies["attnlit_replica"] for visitor in visitors}) == 1
            assert [visitor.times_lost > 0 for visitor in visitors].count(True) == 1
            for visitor in visitors:
                await visitor.close()

        run(visit())
        for private in ("metrics", "script-health-check"):
            with pytest.raises(urllib.error.HTTPError, match="404"):
                urllib.request.urlopen(f"{server.url}/_stcore/{private}")


def secret_of(pid: int) -> str:
    """What a process was given as the cookie's secret."""
    variables = Path("/proc", str(pid), "environ").read_bytes().split(b"\0")
    return next(each.decode() for each in variables if each.startswith(b"STREAMLIT_SERVER_COOKIE_SECRET"))
