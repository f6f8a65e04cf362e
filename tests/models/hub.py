"""A Hugging Face hub on loopback: it serves folders as the real one does, and misbehaves on order."""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import huggingface_hub.constants
import pytest

Answer = Callable[["Visit"], None]


@dataclass
class Hub:
    """Models by id, and how to answer where not as the hub does: the first order that is part of a path.

    The id of a data set begins with "datasets/".
    """

    models: dict[str, dict[str, bytes]] = field(default_factory=dict)
    orders: dict[str, Answer] = field(default_factory=dict)
    facts: dict[str, object] = field(default_factory=dict)  # put over what is said of every model
    sizes: dict[str, int | None] = field(default_factory=dict)  # put over the true sizes of files
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)  # every path, with its headers
    sent: int = 0  # bytes of files
    endpoint: str = ""
    closing: threading.Event = field(default_factory=threading.Event)

    def add(self, name: str, folder: Path) -> None:
        """Offers the files of a folder as a model."""
        self.models[name] = {
            str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()
        }

    def commit(self, name: str) -> str:
        content = b"".join(key.encode() + value for key, value in sorted(self.models[name].items()))
        return hashlib.sha1(content).hexdigest()

    def asked_for(self, part: str) -> list[dict[str, str]]:
        """The headers of every request whose path holds this."""
        return [headers for path, headers in self.asked if part in path]

    def info(self, name: str) -> dict[str, object]:
        listed = []
        for file, content in self.models[name].items():
            entry: dict[str, object] = {"rfilename": file, "size": self.sizes.get(file, len(content))}
            if entry["size"] is None:
                del entry["size"]
            if file.endswith(".safetensors"):
                entry["lfs"] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
            listed.append(entry)
        return {"id": name, "sha": self.commit(name), "siblings": listed, **self.facts}


class Visit(BaseHTTPRequestHandler):
    """One request."""

    hub: Hub

    def do_GET(self) -> None:
        self.hub.asked.append((self.path, dict(self.headers)))
        order = next((answer for part, answer in self.hub.orders.items() if part in self.path), None)
        with suppress(BrokenPipeError, ConnectionResetError):  # the client has gone
            (order or _as_the_hub)(self)
        self.close_connection = True

    do_HEAD = do_GET

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def wait(self, seconds: float) -> None:
        self.hub.closing.wait(seconds)

    def log_message(self, *_: object) -> None:
        """Nothing on the test's output."""


def _as_the_hub(visit: Visit) -> None:
    parts = unquote(urlsplit(visit.path).path).strip("/").split("/")
    if parts[0] == "api":
        parts = [*parts, "revision", "main"] if "revision" not in parts else parts
        name = "/".join(parts[2 if parts[1] == "models" else 1 : parts.index("revision")])
        if name not in visit.hub.models:
            return visit.answer(401, X_Error_Code="RepoNotFound")
        revision = "/".join(parts[parts.index("revision") + 1 :])
        if revision not in ("main", "step5", visit.hub.commit(name)):
            return visit.answer(404, X_Error_Code="RevisionNotFound")
        return visit.answer(200, json.dumps(visit.hub.info(name)).encode())
    name, file = "/".join(parts[: parts.index("resolve")]), "/".join(parts[parts.index("resolve") + 2 :])
    content = visit.hub.models.get(name, {}).get(file)
    if content is None:
        return visit.answer(404, X_Error_Code="EntryNotFound")
    if visit.command == "HEAD":
        return visit.answer(200, content, X_Repo_Commit=visit.hub.commit(name), ETag=f'"{len(content)}"')
    return _send(visit, content)


def _send(
    visit: Visit, content: bytes, step: int = 1 << 14, seconds: float = 0.0, cut: int | None = None
) -> None:
    """Sends a file or the rest of it, in steps; with `cut` the connection breaks after so many bytes."""
    start = int(visit.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
    visit.send_response(206 if start else 200)
    visit.send_header("Content-Length", str(len(content) - start))
    visit.end_headers()
    for place in range(start, len(content), step):
        piece = content[place : place + step]
        if cut is not None and place - start + len(piece) > cut:
            return
        visit.wfile.write(piece)
        visit.wfile.flush()
        visit.hub.sent += len(piece)
        if seconds:
            visit.wait(seconds)
            if visit.hub.closing.is_set():
                return


def _content(visit: Visit) -> bytes:
    parts = unquote(urlsplit(visit.path).path).strip("/").split("/")
    return visit.hub.models["/".join(parts[: parts.index("resolve")])][parts[-1]]


# -------------------------------------------------------------------------------- orders


def refuse(status: int, **headers: str) -> Answer:
    """Answers with a status and headers."""
    return lambda visit: visit.answer(status, **headers)


def say(body: bytes) -> Answer:
    """Answers with something else."""
    return lambda visit: visit.answer(200, body)


def round_in_circles(visit: Visit) -> None:
    """Sends whoever asks to where they are."""
    visit.answer(302, Location=visit.path)


def packed(body: bytes) -> Answer:
    """Answers with something that is small only while it is packed."""
    small = gzip.compress(body, compresslevel=1)  # made whenever tests are read
    return lambda visit: visit.answer(200, small, Content_Encoding="gzip")


def stall(visit: Visit) -> None:
    """Takes the request and says nothing."""
    visit.wait(60)


def trickle(step: int = 1, seconds: float = 0.05) -> Answer:
    """Sends a file a few bytes at a time."""
    return lambda visit: _send(visit, _content(visit), step, seconds)


def drip_answer(visit: Visit) -> None:
    """Sends an answer to a question a letter at a time."""
    visit.send_response(200)
    visit.end_headers()
    while not visit.hub.closing.is_set():
        visit.wfile.write(b" ")
        visit.wait(0.05)


def break_after(size: int) -> Answer:
    """Breaks the connection after so many bytes."""
    return lambda visit: _send(visit, _content(visit), step=min(size, 1 << 14), cut=size)


def send_more(extra: int) -> Answer:
    """Sends a file with so many bytes more than there are, without saying how many."""

    def answer(visit: Visit) -> None:
        visit.send_response(200)
        visit.end_headers()
        visit.wfile.write(_content(visit) + bytes(extra))

    return answer


def once(order: Answer) -> Answer:
    """Misbehaves the first time only."""
    times: list[int] = []

    def answer(visit: Visit) -> None:
        times.append(1)
        (order if len(times) == 1 else _as_the_hub)(visit)

    return answer


@contextmanager
def running(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub that attnlit asks instead of the real one, and an empty place for what it fetches."""
    hub = Hub()
    handler = type("VisitOfThisHub", (Visit,), {"hub": hub})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        hub.endpoint = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", hub.endpoint)
        template = f"{hub.endpoint}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
        monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(huggingface_hub.constants, "HF_HOME", str(home / "home"))
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(home / "cache"))
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setenv("HF_TOKEN", "hf_secret")
        yield hub
        hub.closing.set()
        server.shutdown()


def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Waits until something has happened."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.01)
