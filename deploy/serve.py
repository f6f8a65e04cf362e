"""Run attnlit as several processes behind HAProxy: `python deploy/serve.py 4`.

HAProxy deals visitors out to replicas of the app and keeps each with the same one (haproxy.cfg says how).
This script starts them, waits until they are warm, starts again what dies or hangs, and stops all on SIGTERM
or Ctrl-C. See README.md beside it.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
CONFIGURATION = HERE / "haproxy.cfg"
SECRET_VARIABLE = "STREAMLIT_SERVER_COOKIE_SECRET"
STARTS_WITHIN = 120.0  # seconds until a replica must be ready
LOOK_EVERY = 5.0  # seconds between two looks at a replica's health
HANGS_AFTER = 30.0  # seconds without an answer; a busy replica may be slow, a hanging one never answers
STOPS_WITHIN = 10.0  # seconds between SIGTERM and SIGKILL
LONGEST_PAUSE = 30.0  # seconds before the next start of something that ends again and again
STEADY = 60.0  # seconds after which a process counts as having run well

NO_PROXY = """HAProxy is not installed. On Debian or Ubuntu:
    sudo apt-get install haproxy"""


def main() -> None:
    """Start everything, then wait for a signal to stop."""
    wish = _wishes()
    wish.state.mkdir(parents=True, exist_ok=True)
    ports = range(wish.first_port, wish.first_port + wish.replicas)
    proxy, door = _proxy(ports, wish.listen, wish.state)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    environment = replica_environment(cookie_secret(wish.state / "cookie_secret"))
    replicas = [
        keeper(f"replica {place}", replica(port), environment, stop, port)
        for place, port in enumerate(ports, 1)
    ]
    keepers = [thread for thread, _ in replicas]
    late = time.monotonic() + STARTS_WITHIN
    while not (ready := all(is_ready.is_set() for _, is_ready in replicas)) and time.monotonic() < late:
        if stop.wait(0.2):
            break
    if ready:
        keepers.append(keeper("HAProxy", proxy, door, stop)[0])
        say(f"{wish.replicas} replicas are ready; HAProxy listens on {wish.listen}")
        stop.wait()
    told = stop.is_set()
    stop.set()
    for each in keepers:
        each.join()
    if not told:
        sys.exit(f"Not every replica was ready within {STARTS_WITHIN:.0f} s; what they said stands above.")


def _wishes() -> argparse.Namespace:
    """What the command line asks for, if it can be had."""
    ask = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ask.add_argument("replicas", type=int, nargs="?", default=2, help="how many processes run the app")
    ask.add_argument("--listen", default="8080", help="HAProxy's port, or address:port (8080)")
    ask.add_argument("--first-port", type=int, default=8501, help="the replicas' ports, on 127.0.0.1 (8501)")
    ask.add_argument("--state", type=Path, default=HERE / "state", help="folder for what is written")
    wish = ask.parse_args()
    if wish.replicas < 1:
        ask.error("at least one replica")
    if not find_haproxy():
        sys.exit(NO_PROXY)
    ports = dict.fromkeys(range(wish.first_port, wish.first_port + wish.replicas), "--first-port")
    for port, option in (*ports.items(), (int(wish.listen.rpartition(":")[2]), "--listen")):
        if is_taken(port):
            sys.exit(f"Port {port} is in use. Choose another with {option}.")
    return wish


def _proxy(ports: Iterable[int], listen: str, state: Path) -> tuple[list[str], dict[str, str]]:
    """HAProxy's command and environment, once it has accepted its configuration."""
    file = state / "haproxy.cfg"
    file.write_text(configuration(ports))
    command = [str(find_haproxy()), "-db", "-f", str(file.resolve())]  # -db: in the foreground
    environment = {**os.environ, "ATTNLIT_LISTEN": listen if ":" in listen else f":{listen}"}
    if subprocess.run([*command, "-c", "-q"], env=environment).returncode:
        sys.exit("HAProxy does not accept its configuration; it says why above.")
    return command, environment


# ------------------------------------------------------------------------------------------- what is started


def configuration(ports: Iterable[int]) -> str:
    """HAProxy's configuration for replicas on these ports of 127.0.0.1."""
    lines = (f"    server {place} 127.0.0.1:{port} cookie {place}\n" for place, port in enumerate(ports, 1))
    return CONFIGURATION.read_text() + "".join(lines)


def replica(port: int) -> list[str]:
    """The command of one replica. It can be reached from this machine only."""
    return [
        *(sys.executable, "-m", "streamlit", "run", "streamlit_app.py"),
        *("--server.address=127.0.0.1", f"--server.port={port}", "--server.headless=true"),
        "--server.fileWatcherType=none",  # nobody edits a deployment
        "--server.scriptHealthCheckEnabled=true",
    ]


def replica_environment(secret: str) -> dict[str, str]:
    """Ours, with the one secret; not on the command line, where every user of the machine could read it."""
    # attnlit/app/start.py lets threads share memory, too late for those that begin before its code
    return {"MALLOC_ARENA_MAX": "2", **os.environ, SECRET_VARIABLE: secret}


def cookie_secret(file: Path) -> str:
    """The secret that signs cookies, the same for all replicas: the operator's, or one made once and kept."""
    given = os.environ.get(SECRET_VARIABLE, "").strip()
    if given:
        return given
    if not file.exists():
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(secrets.token_hex(32))
    return file.read_text()


def find_haproxy() -> str | None:
    """HAProxy's path. Debian keeps it where ordinary users do not look."""
    return shutil.which("haproxy", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


# --------------------------------------------------------------------------------------------- how it is kept


def keeper(
    name: str, command: Sequence[str], environment: Mapping[str, str], stop: threading.Event, port: int = 0
) -> tuple[threading.Thread, threading.Event]:
    """A thread that keeps this process running until `stop`, and an event: it is ready for the first time.

    A process with a port is a replica: it is asked for its health, and ended when it hangs.
    """
    ready = threading.Event()
    thread = threading.Thread(target=_keep, args=(name, command, environment, stop, port, ready), name=name)
    thread.start()
    return thread, ready


def _keep(
    name: str,
    command: Sequence[str],
    environment: Mapping[str, str],
    stop: threading.Event,
    port: int,
    ready: threading.Event,
) -> None:
    pause = 0.0
    while not stop.wait(pause):
        began = time.monotonic()
        process = subprocess.Popen(command, env=environment, cwd=HERE.parent)
        why = _watch(process, stop, port, ready)
        _end(process)
        if stop.is_set():
            return
        lived = time.monotonic() - began
        pause = 0.5 if lived > STEADY else min(LONGEST_PAUSE, max(0.5, 2 * pause))
        say(f"{name} {why} after {lived:.0f} s; it is started again in {pause:g} s")


def _watch(process: subprocess.Popen[bytes], stop: threading.Event, port: int, ready: threading.Event) -> str:
    """Until the process ends, hangs, or is to stop: what happened."""
    warm = False
    began = last_well = time.monotonic()
    next_look = 0.0
    while not stop.wait(0.2):
        if process.poll() is not None:
            return f"ended ({process.returncode})"
        if not port or time.monotonic() < next_look:
            continue
        if answers(port, "health"):
            last_well = time.monotonic()
            next_look = last_well + LOOK_EVERY
            if not warm:
                # Runs the app's first page once, so that no visitor waits while torch and a model are loaded.
                if answers(port, "script-health-check", STARTS_WITHIN):
                    warm = True
                    ready.set()
                elif time.monotonic() - began > STARTS_WITHIN:  # Streamlit itself waits for a minute at most
                    return "cannot run the app"
        elif time.monotonic() - last_well > (HANGS_AFTER if warm else STARTS_WITHIN):
            return "hung"
    return "stopped"


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask it to end, and make it."""
    process.terminate()
    try:
        process.wait(STOPS_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def answers(port: int, what: str, within: float = LOOK_EVERY) -> bool:
    """Whether the replica on this port answers that it is well."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/{what}", timeout=within) as answer:
            return answer.status == 200
    except OSError:
        return False


def is_taken(port: int) -> bool:
    """Whether somebody listens on this port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def say(words: str) -> None:
    """One line for the operator."""
    print(f"{time.strftime('%H:%M:%S')} {words}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
