"""What all tests of pages share."""

from tests.app.quick import look_for_components_once

look_for_components_once()
