"""One visitor: what a browser says over Streamlit's websocket, without a browser.

The browser sends a `BackMsg` with the address, the page and the values of all widgets; the server answers
with `ForwardMsg`s, one for each element, until the script has finished. What is sent here (which widgets,
when the address changes, which messages count as known) was taken down from Chromium, message by message.
"""

from __future__ import annotations

import asyncio
import time
import urllib.request
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Origin, Subprotocol

from attnlit.app.write import CURSOR
from benchmarks.load.answers import Answer, Value, Widget, in_address, take

ANSWER_WITHIN = 120.0  # seconds after which an answer counts as lost
KEPT_RUNS = 2  # a browser keeps large messages for so many runs (global.maxCachedMessageAge)
FIRST_RETRY = 0.1  # seconds; every further try to connect waits twice as long, as in a browser
RETRIES = 12

LOOKS_AT = "Show attention"  # the button below the sidebar's texts


class Lost(Exception):
    """The connection ended, or no answer came in time."""


class Visitor:
    """A browser tab. `open` first; then the other actions, one after the other."""

    def __init__(self, server: str) -> None:
        """`server` is like http://localhost:8501."""
        self.server = server.rstrip("/")
        self.times_lost = 0
        self._socket: ClientConnection | None = None
        self.cookies: dict[str, str] = {}
        self._session = ""
        self._page = ""  # the page's hash
        self._path = ""
        self._pages: dict[str, str] = {}  # by path: hash
        self._address: dict[str, list[str]] = {}
        self._widgets: dict[str, Widget] = {}  # by key
        self._buttons: dict[str, str] = {}  # by what is written on them: id
        self._known: dict[
            str, tuple[int, ForwardMsg]
        ] = {}  # large messages by hash, with the run they came in
        self._run = 0

    async def open(self, path: str = "", **address: str) -> Answer:
        """Load the page and run it for the first time."""
        self._path = path
        self._address = {name: [value] for name, value in address.items()}
        await self._get(f"/{path}?{self._query_string()}")
        await self._connect()
        return await self._ask(page_name=path)

    async def visit(self, path: str, **address: str) -> Answer:
        """Click a page in the navigation, or a link on a page that names an address.

        A browser sends no widgets then, and of the old address only theirs.
        """
        self._page, self._path = self._pages[path], path
        bound = {widget.address for widget in self._widgets.values()}
        kept = {name: values for name, values in self._address.items() if name in bound}
        self._address = {name: [value] for name, value in address.items()} or kept
        self._widgets = {}
        return await self._ask()

    async def choose(self, key: str, value: Value) -> Answer:
        """Set a widget outside the form."""
        self._set(key, value)
        return await self._ask()

    async def submit(self, **values: str) -> Answer:
        """Type into the sidebar's texts and press the button below them."""
        return await self.press(LOOKS_AT, **values)

    async def press(self, label: str, **values: str) -> Answer:
        """Type into fields, where there are any, and press the button with this label."""
        for key, value in values.items():
            self._set(key, value)
        return await self._ask(button=self._buttons[label])

    async def press_and_leave(self, label: str, path: str, after: float, **values: str) -> Answer:
        """The same, but open another page so many seconds later, while the answer is still being made."""
        for key, value in values.items():
            self._set(key, value)
        if self._socket is None:
            await self._connect()
        assert self._socket
        await self._socket.send(self._message("", self._buttons[label]))
        await asyncio.sleep(after)
        return await self.visit(path)

    def shows(self) -> dict[str, Any]:
        """The widgets' values, by key: a bool, a text, or the list of what is chosen."""
        return {key: widget.value for key, widget in self._widgets.items()}

    def options(self, key: str) -> Sequence[Value]:
        """The values that a widget can be set to; none where anything can be typed."""
        return self._widgets[key].options

    def offers(self, label: str) -> bool:
        """Whether the page has a button with this label."""
        return label in self._buttons

    async def lose_session(self) -> None:
        """As if the server had forgotten us: the next action goes to a new session."""
        await self.close()
        self._socket, self._session = None, ""

    async def close(self) -> None:
        """Close the tab."""
        if self._socket:
            await self._socket.close()

    # -------------------------------------------------------------------------------------- what is sent

    def _set(self, key: str, value: Value) -> None:
        widget = self._widgets[key]
        widget.value = value
        if widget.address and value != widget.default:
            self._address[widget.address] = in_address(value)
        elif widget.address:
            self._address.pop(widget.address, None)

    def _query_string(self) -> str:
        return urlencode(self._address, doseq=True)

    def _message(self, page_name: str, button: str) -> bytes:
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.page_script_hash, state.page_name = (
            self._query_string(),
            self._page,
            page_name,
        )
        state.cached_message_hashes.extend(self._known)
        state.context_info.timezone, state.context_info.locale = "UTC", "en-US"
        state.context_info.url, state.context_info.color_scheme = f"{self.server}/{self._path}", "light"
        state.widget_states.SetInParent()
        for widget in self._widgets.values():
            sent = state.widget_states.widgets.add(id=widget.id)
            if isinstance(widget.value, bool):
                sent.bool_value = widget.value
            elif isinstance(widget.value, str):
                sent.string_value = widget.value
            elif widget.numeric:
                sent.double_array_value.data.extend(widget.value)
            else:
                sent.string_array_value.data.extend(widget.value)
                sent.string_array_value.SetInParent()
        if button:
            state.widget_states.widgets.add(id=button, trigger_value=True)
        return message.SerializeToString()

    async def _ask(self, page_name: str = "", button: str = "") -> Answer:
        """Send an action and gather its answer; where the connection is lost, connect and ask again."""
        began = time.perf_counter()
        while True:
            try:
                async with asyncio.timeout(ANSWER_WITHIN):
                    if self._socket is None:
                        await self._connect()
                    assert self._socket
                    await self._socket.send(self._message(page_name, button))
                    return await self._gather(began)
            except TimeoutError as why:  # before OSError, of which it is one
                self._socket = None
                raise Lost(f"no answer within {ANSWER_WITHIN:.0f} s") from why
            except (WebSocketException, OSError):
                self.times_lost += 1
                self._socket = None

    # ----------------------------------------------------------------------------------- what comes back

    async def _gather(self, began: float) -> Answer:
        assert self._socket
        answer = Answer()
        shown: dict[str, Widget] = {}
        buttons: dict[str, str] = {}
        self._run += 1
        async for packet in self._socket:
            assert isinstance(packet, bytes)
            answer.received += len(packet)
            message = self._whole(packet)
            kind = message.WhichOneof("type")
            if kind == "new_session":
                shown, buttons = {}, {}
                answer.charts.clear()
                answer.numbers.clear()
                self._session = message.new_session.initialize.session_id
                self._page = message.new_session.page_script_hash
            elif kind == "navigation":
                self._pages = {
                    page.url_pathname: page.page_script_hash for page in message.navigation.app_pages
                }
                self._page = message.navigation.page_script_hash
            elif kind == "page_info_changed":
                self._address = parse_qs(message.page_info_changed.query_string, keep_blank_values=True)
            elif kind == "page_not_found":
                answer.mistakes.append(f"There is no page {message.page_not_found.page_name}")
            elif kind == "session_event" and message.session_event.HasField("script_compilation_exception"):
                answer.mistakes.append(message.session_event.script_compilation_exception.message)
            elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
                element = message.delta.new_element
                if element.WhichOneof("type") == "vega_lite_chart":
                    answer.chart = time.perf_counter() - began
                if answer.first_word is None and element.markdown.body.endswith(CURSOR):
                    answer.first_word = time.perf_counter() - began
                take(element, answer, self._widgets, shown, buttons)
            elif kind == "script_finished" and message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                answer.finished = time.perf_counter() - began
                self._widgets, self._buttons = shown, buttons
                self._forget_old_messages()
                return answer
        raise ConnectionError("the server closed the connection")

    def _whole(self, packet: bytes) -> ForwardMsg:
        """The message, or the one it refers to because we have it already."""
        message = ForwardMsg()
        message.ParseFromString(packet)
        if message.WhichOneof("type") == "ref_hash":
            return self._known[message.ref_hash][1]
        if message.metadata.cacheable:
            self._known[message.hash] = (self._run, message)
        return message

    def _forget_old_messages(self) -> None:
        self._known = {
            name: (run, message)
            for name, (run, message) in self._known.items()
            if self._run - run < KEPT_RUNS
        }

    # ------------------------------------------------------------------------------------------ the line

    async def _connect(self) -> None:
        """Until the server answers that it is well; then open the websocket, naming the session we had."""
        wait = FIRST_RETRY
        for _ in range(RETRIES):
            try:
                await self._get("/_stcore/health")
                protocols = ["streamlit", self.cookies.get("_streamlit_xsrf", "none")]
                protocols += [self._session] if self._session else []
                self._socket = await connect(
                    f"ws{self.server.removeprefix('http')}/_stcore/stream",
                    origin=Origin(self.server),
                    subprotocols=list(map(Subprotocol, protocols)),
                    additional_headers={"Cookie": self._cookie_header()} if self.cookies else None,
                    max_size=None,
                    compression=None,
                    proxy=None,
                )
            except (WebSocketException, OSError):
                await asyncio.sleep(wait)
                wait = min(2 * wait, 5)
            else:
                assert self._socket.response
                self._keep_cookies(self._socket.response.headers.get_all("Set-Cookie"))
                return
        raise Lost("the server cannot be reached")

    async def _get(self, path: str) -> None:
        headers = await asyncio.to_thread(_headers_of, self.server + path, self._cookie_header())
        self._keep_cookies(headers)

    def _cookie_header(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def _keep_cookies(self, lines: Sequence[str]) -> None:
        for line in lines:
            name, _, value = line.split(";")[0].partition("=")
            self.cookies[name] = value


def _headers_of(url: str, cookies: str) -> list[str]:
    """The Set-Cookie lines of a page. Raises OSError unless the answer is good."""
    if urlsplit(url).scheme not in ("http", "https"):
        raise ValueError(f"not a web address: {url}")
    request = urllib.request.Request(url, headers={"Cookie": cookies} if cookies else {})
    with urllib.request.urlopen(request, timeout=10) as answer:
        answer.read()
        return answer.headers.get_all("Set-Cookie") or []
