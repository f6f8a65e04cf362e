"""Until all tests take them from `tests.records`."""

from tests.records import random_record, record, tokens

__all__ = ["random_record", "record", "tokens"]
