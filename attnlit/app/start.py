"""What a process does once, at its first page: settle memory, import what every page needs."""

from __future__ import annotations

import atexit
import ctypes
import gc
import importlib.util
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

_M_ARENA_MAX = -8  # glibc's number for this setting
_ARENAS = 2
_M_MMAP_THRESHOLD = -3
_LARGE = 128 * 1024  # bytes
DRAWN_WITHIN = 2.0  # seconds: a browser has drawn the first picture; it may be on this machine
_UPLOADS_KEPT = 2  # files of one visitor: the one that is read, and the one that is on its way


def share_arenas() -> None:
    """Let all threads take memory from the same two places (Linux with glibc; elsewhere nothing happens).

    Streamlit runs every script in a new thread, and glibc gives new threads places of their own, up to eight
    a processor, whose free memory the others cannot use: with 30 visitors a sixth of the whole process.
    Arrays go back to the system when they are freed: left to itself glibc soon keeps such large blocks too,
    and small ones that stay between them hold 50 MB.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # another C library; Windows
        return
    mallopt(_M_ARENA_MAX, _ARENAS)
    mallopt(_M_MMAP_THRESHOLD, _LARGE)


share_arenas()  # as early as we can: each of the first visitors' threads would take a place of its own


_preparing = threading.Lock()
_ending = threading.Event()  # the process ends


@st.cache_resource(show_spinner="Starting …")
def prepare_process() -> None:
    """Once a process: import what every page needs, or wait until that is done."""
    _bound_uploads_here()
    with _preparing:
        _import_all()


@st.cache_resource(show_spinner=False)
def prepare_behind(model: str) -> None:
    """The same, once the first visitor looks at a picture that needs none of it; then open this model.

    Whoever needs it sooner does not wait for that.
    """
    _bound_uploads_here()
    behind = threading.Thread(target=_prepare_and_open, args=(model,), name="attnlit imports", daemon=True)
    behind.start()
    # Stopped in the middle of torch's native code, it would end the process as a crash does.
    atexit.register(behind.join)
    atexit.register(_ending.set)


def _prepare_and_open(model: str) -> None:
    from attnlit.app import cache

    if _ending.wait(DRAWN_WITHIN):
        return
    with _preparing:
        # Else what visitors hold by now would be frozen, too.
        if "attnlit.attention.proof" not in sys.modules:
            _import_all()
    cache.open_model(model)  # which the next page will ask for


def _bound_uploads_here() -> None:
    context = get_script_run_ctx()
    if context is not None:
        bound_uploads(context.uploaded_file_mgr)


@contextmanager
def _kept_from_the_collector() -> Iterator[None]:
    """Keep what is made meanwhile from the garbage collector.

    Imports make a million objects that stay. The collector would search them again and again while they are
    made, a quarter of the time to the first chart, and later at every full collection, which holds all
    threads for 0.1-0.3 s.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _import_all() -> None:
    """Import what every page needs."""
    import_charts()
    with _kept_from_the_collector():
        link_torch = threading.Thread(target=_link_torch, name="attnlit torch", daemon=True)
        link_torch.start()
        import pandas  # noqa: F401 - tables

        link_torch.join()
        import attnlit.attention.proof  # noqa: F401 - torch and transformers
        from attnlit.models.limits import set_threads

        set_threads()


def import_charts() -> None:
    """Import what draws."""
    if "attnlit.app.panels" in sys.modules:
        return
    with _kept_from_the_collector():
        import attnlit.app.panels  # noqa: F401 - every chart


def bound_uploads(manager: Any) -> None:
    """Let each visitor keep only the last files: Streamlit's server takes any number, whatever a page asks.

    manager: Streamlit's `UploadedFileManager`, which keeps the files of all sessions in memory.
    """
    if not isinstance(manager, MemoryUploadedFileManager):
        return  # a test's, or a host's own
    add = manager.add_file

    def add_and_drop(session_id: str, file: UploadedFileRec) -> None:
        add(session_id, file)
        for oldest in list(manager.file_storage.get(session_id, ()))[:-_UPLOADS_KEPT]:
            manager.remove_file(session_id, oldest)

    manager.add_file = add_and_drop


def _link_torch() -> None:
    """Let the system link torch's largest library, 0.3 s, while Python imports pandas: torch imports sooner.

    Called as a function of C, dlopen lets Python go on meanwhile; imports do not, nor does ctypes.CDLL.
    """
    torch = importlib.util.find_spec("torch")
    library = Path(torch.origin).parent / "lib" / "libtorch_cpu.so" if torch and torch.origin else None
    if library and library.is_file():  # Linux
        ctypes.CDLL(None).dlopen(os.fsencode(library), os.RTLD_NOW)
