"""The processors of one machine: a process each, with a model each. One that is killed is replaced.

Workers listen to a pipe whose other end only the caller holds. When it closes, because the caller stopped or
was killed, they end, whatever they are reading.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from attnlit.attention import load
from attnlit.errors import AttnlitError
from attnlit.scale.blocks import Block, read_block

if TYPE_CHECKING:
    from attnlit.models.model import Model

MOST_TRIES = 3  # of one block: a text that ends its worker each time would go on for ever
_model: Model | None = None  # of a worker process


def parts(
    source: str, some: Iterable[Block], *, workers: int, kind: str | None = None, written: bool = False
) -> Iterator[tuple[Block, bytes]]:
    """Each block and the part that it makes, as soon as it is there, in any order.

    source: what `attnlit.load` takes; every worker opens it. At most twice as many blocks as workers are
    held, so memory does not grow. A block whose worker was killed is read again, and none is counted twice.
    Raises AttnlitError where the same block ends its worker again and again.
    """
    context = get_context("spawn")
    ended, caller = context.Pipe(duplex=False)
    waiting = iter(some)
    again: list[Block] = []
    tries: dict[int, int] = {}
    while True:
        with ProcessPoolExecutor(
            workers, mp_context=context, initializer=_open, initargs=(source, ended)
        ) as pool:
            running: dict[Future[bytes], Block] = {}
            try:
                while True:
                    while len(running) < 2 * workers:
                        block = again.pop() if again else next(waiting, None)
                        if block is None:
                            break
                        running[pool.submit(_read, block, kind, written)] = block
                    if not running:
                        return
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        data = future.result()
                        yield running.pop(future), data
            except BrokenProcessPool as broken:
                # All that the pool was given is lost; what was handed over before is not read again.
                again = [*again, *running.values()]
                for block in again:
                    tries[block.number] = tries.get(block.number, 0) + 1
                if max(tries.values(), default=MOST_TRIES) > MOST_TRIES:
                    raise AttnlitError(
                        "Workers were ended again and again, most likely for lack of memory. Use fewer "
                        "workers, or shorter texts."
                    ) from broken
            except BaseException:  # the caller wants no more, or something is wrong: do not wait for the rest
                caller.close()
                raise


def _open(source: str, ended: Connection) -> None:
    """In a new worker: open the model."""
    global _model
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the caller's, who then ends the workers
    threading.Thread(target=_end_with, args=(ended,), daemon=True).start()
    _model = load(source)


def _end_with(ended: Connection) -> None:
    with suppress(EOFError, OSError):
        ended.recv()
    os._exit(1)


def _read(block: Block, kind: str | None, written: bool) -> bytes:
    assert _model is not None
    return read_block(_model, block, kind, written=written)
