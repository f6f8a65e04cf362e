"""What tests in a browser wait for: the server's answer and what it looks like, never a span of time.

A page counts what its browser asks the server over Streamlit's websocket, and notes when the run that answers
is over. A click on a picture is told to the server a moment later, so that the page alone does not show that
an answer is still to come.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from playwright.sync_api import Page
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from attnlit.app.frame.cards import PAGES

PATIENCE = 60.0  # seconds; a busy machine is slow, and only what never happens takes all of it
_VARINT, _LENGTH = 0, 2  # how protobuf writes a number, and what has a length

# Runs in every page before its own scripts.
LISTEN = """
window.traffic = {asked: 0, answered: false};
window.WebSocket = class extends window.WebSocket {
  constructor(...given) {
    super(...given);
    this.addEventListener("message", ({data}) => {
      if (!(data instanceof ArrayBuffer) || !window.ends(new Uint8Array(data))) return;
      const asked = traffic.asked;
      // Streamlit draws what has come 10 ms later; who is due later comes later, however busy the page is.
      setTimeout(() => { traffic.answered = traffic.asked === asked; }, 50);
    });
  }
  send(data) {
    const first = new Uint8Array(data.buffer ?? data, data.byteOffset ?? 0)[0];
    if (first === RERUN) { traffic.asked++; traffic.answered = false; }
    super.send(data);
  }
};
// Whether a message says that a run has ended, and not to make room for the next.
window.ends = (bytes) => {
  let at = 0;
  const number = () => {
    let value = 0, scale = 1;
    for (;;) {
      const byte = bytes[at++];
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
  };
  while (at < bytes.length) {
    const field = number(), value = number();
    if (field === FINISHED) return value !== EARLY;
    if ((field & 7) === 2) at += value;
    else if ((field & 7) !== 0) return false;
  }
  return false;
};
"""
for _name, _value in {
    "RERUN": BackMsg.DESCRIPTOR.fields_by_name["rerun_script"].number << 3 | _LENGTH,
    "FINISHED": ForwardMsg.DESCRIPTOR.fields_by_name["script_finished"].number << 3 | _VARINT,
    "EARLY": ForwardMsg.FINISHED_EARLY_FOR_RERUN,
}.items():
    LISTEN = LISTEN.replace(_name, str(_value))

_SETTLED = """() => {
  const app = document.querySelector('[data-testid="stApp"]');
  return window.traffic.answered && app && app.dataset.testConnectionState === "CONNECTED"
    && app.dataset.testScriptState === "notRunning" && document.querySelector("h1") !== null;
}"""


def visit(page: Page, url: str) -> None:
    """Open an address, and wait until its page is drawn."""
    page.goto(url)
    settled(page)


def settled(page: Page) -> None:
    """Wait until the app is connected, has drawn a page, and all that was asked is answered."""
    page.wait_for_function(_SETTLED, polling=50)


@contextmanager
def answered(page: Page) -> Iterator[None]:
    """What is done inside asks the server something: wait until it has, and until the answer is drawn."""
    before = page.evaluate("traffic.asked")
    yield
    page.wait_for_function("before => traffic.asked > before", arg=before, polling=50)
    settled(page)


def open_page(page: Page, title: str) -> None:
    """Choose a page in the navigation: a link, or an item of the menu of its section."""
    section = next(card.section for card in PAGES if card.title == title)
    navigation = page.get_by_test_id("stTopNav")
    with answered(page):
        if section:
            navigation.get_by_role("button", name=section).click()
            page.get_by_role("menuitem", name=title).click()
        else:
            navigation.get_by_role("link", name=title).click()
    page.get_by_role("heading", level=1, name=title, exact=True).wait_for()


def eventually(holds: Callable[[], bool]) -> None:
    """Wait until it holds, as browsers paint after the script is done; fail if it never does."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "it never came to hold"
        time.sleep(0.05)
