"""What was drawn of records that are still in use: kept, so that it is drawn once, and bounded in bytes."""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

    from attnlit.attention.record import Attention

Tables = dict[str, "pa.Table"]


class Drawn:
    """Tables by record and by what they show; those not asked for the longest go first.

    What was drawn of a record goes with the record. `most_bytes` can be set at any time, as by an app that
    weighs all its caches together.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._lock = threading.RLock()  # a record may end, and be forgotten, while we hold it
        self._kept: OrderedDict[tuple[int, Hashable], tuple[Tables, int]] = OrderedDict()
        self._records: set[int] = set()

    @property
    def nbytes(self) -> int:
        """Memory of all that is kept."""
        with self._lock:
            return sum(size for _, size in self._kept.values())

    @property
    def most_bytes(self) -> int:
        """Memory that may be kept."""
        return self._most_bytes

    @most_bytes.setter
    def most_bytes(self, most_bytes: int) -> None:
        with self._lock:
            self._most_bytes = most_bytes
            self._shrink()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, attention: Attention, what: Hashable, draw: Callable[[], Tables]) -> Tables:
        """The tables that show `what` of a record, drawn now if they are not kept."""
        name = (id(attention), what)
        with self._lock:
            if name in self._kept:
                self._kept.move_to_end(name)
                return self._kept[name][0]
        tables = draw()  # outside the lock: others need not wait, at worst one thing is drawn twice
        with self._lock:
            if id(attention) not in self._records:
                self._records.add(id(attention))
                weakref.finalize(attention, self._forget, id(attention))
            self._kept[name] = (tables, sum(table.nbytes for table in tables.values()))
            self._shrink()
        return tables

    def _shrink(self) -> None:
        while self._kept and self.nbytes > self._most_bytes:
            self._kept.popitem(last=False)

    def _forget(self, record: int) -> None:
        with self._lock:
            self._records.discard(record)
            for name in [name for name in self._kept if name[0] == record]:
                del self._kept[name]
