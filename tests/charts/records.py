"""Until all tests take them from `tests.records`."""

from tests.records import record as weights_record
from tests.records import vectors_record as record

__all__ = ["record", "weights_record"]
