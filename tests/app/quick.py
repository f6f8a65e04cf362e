"""Makes Streamlit's `AppTest` quick, for tests and for the load run that compares with it."""

from __future__ import annotations

from functools import cache

from streamlit.components.v2 import manifest_scanner


def look_for_components_once() -> None:
    """Streamlit reads what every installed package says of itself, anew for each run of an `AppTest`.

    That is four fifths of the time of a run, and we use no such component.
    """
    scan = manifest_scanner.scan_component_manifests
    if not hasattr(scan, "cache_info"):
        manifest_scanner.scan_component_manifests = cache(scan)
