"""What all tests of charts share."""

from __future__ import annotations

from altair.utils import schemapi

# As in the app: a chart is not checked piece by piece as it is made. `test_specs` checks each one whole.
schemapi.disable_debug_mode()
