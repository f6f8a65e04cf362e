"""A cold server shows its frame before it imports, and imports without the garbage collector's help."""

from __future__ import annotations

import gc
import subprocess
import sys
import textwrap
from pathlib import Path
from types import SimpleNamespace

import pytest
import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec
from streamlit.testing.v1 import AppTest

from attnlit.app import start
from attnlit.app.examples import EXAMPLES

ROOT = Path(__file__).parents[2]


def test_the_frame_needs_nothing_heavy() -> None:
    heavy = ["torch", "transformers", "pandas", "altair", "numpy", "pyarrow"]
    code = f"import sys, attnlit.app.frame.router; print(*set({heavy}) & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.whole
def test_pages_draw_their_pictures_before_torch_and_altair_are_imported() -> None:
    code = """
        import sys
        from streamlit.testing.v1 import AppTest
        from attnlit.app import start
        start.prepare_behind = lambda model: None
        for page in ("home", "head_view", "model_view"):
            app = AppTest.from_file("streamlit_app.py", default_timeout=60)
            if page != "home":
                app.switch_page(f"pages/{page}.py")
            app.run()
            assert not app.exception, app.exception
            assert not app.error, app.error
            small = [each for each in app.get("html") if "<img" in each.proto.body]
            heavy = {"torch", "transformers", "altair"} & set(sys.modules)
            print(page, len(app.get("vega_lite_chart")), len(small), *heavy)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [f"home 1 {len(EXAMPLES)}", "head_view 1 0", "model_view 2 0"]


@pytest.mark.whole
def test_a_process_that_ends_while_it_prepares_ends_well() -> None:
    code = """
        import threading, time, torch
        from attnlit.app import cache, start

        def work(model):
            working.set()
            for _ in range(200):
                torch.rand(300, 300) @ torch.rand(300, 300)

        working = threading.Event()
        cache.open_model, start.DRAWN_WITHIN = work, 0
        start.prepare_behind("mini-gpt2")
        working.wait()
        """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_home_can_be_read_while_another_picture_waits_for_imports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "prepare_process", st.stop)  # as far as a cold server is while it imports
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60)
    app.session_state["text"] = "A text that nobody has recorded."
    app.run()
    assert not app.exception
    assert any("**attention**" in each.value for each in app.markdown)
    assert not app.get("vega_lite_chart")


def test_imports_are_kept_from_the_garbage_collector() -> None:
    gc.unfreeze()
    start.prepare_process.__wrapped__()
    assert gc.get_freeze_count() > 100_000
    assert gc.isenabled()


def test_the_garbage_collector_works_again_where_an_import_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "attnlit.attention.proof", None)  # importing it fails
    with pytest.raises(ImportError):
        start.prepare_process.__wrapped__()
    assert gc.isenabled()


def test_a_visitor_keeps_two_uploads_and_takes_none_from_others() -> None:
    """A client of its own making may send any number of files; a page asks for one."""
    manager = MemoryUploadedFileManager("/upload")
    start.bound_uploads(manager)
    for number in range(60):
        manager.add_file("a visitor", UploadedFileRec(str(number), "a.txt", "text/plain", b"x" * 100))
        manager.add_file("another", UploadedFileRec("theirs", "b.txt", "text/plain", b"y"))
    kept = manager.get_files("a visitor", [str(number) for number in range(60)])
    assert [file.file_id for file in kept] == ["58", "59"]
    assert len(manager.get_files("another", ["theirs"])) == 1


def test_sharing_memory_between_threads_is_tried_only_where_the_system_can(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(
        start.ctypes, "CDLL", lambda _: SimpleNamespace(mallopt=lambda *given: asked.append(given))
    )
    start.share_arenas()
    assert asked == [(-8, 2), (-3, 131072)]  # M_ARENA_MAX and M_MMAP_THRESHOLD in glibc's malloc.h
    monkeypatch.setattr(start.ctypes, "CDLL", lambda _: SimpleNamespace())
    start.share_arenas()
