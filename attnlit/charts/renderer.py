"""Draws charts as files, one request after the other, in a process of its own; `rendering` starts it.

The native renderer ends its whole process where it meets a text that it cannot write; here that ends one
request. It is run as a file and imports nothing of the package. A request is a JSON object on one line,
`{"kind": "png", "spec": {...}}`. An answer is a line that says `{"bytes": 1234}` or `{"mistake": "..."}`, and
then the bytes.
"""

from __future__ import annotations

import io
import json
import os
import sys
from typing import Any

import vl_convert

PNG_SCALE = 2  # pixels of the image for a pixel of the chart
PDF_SCALE, POINTS = (
    4,
    72,
)  # the same where a PDF is one of pixels; of its units, the pixels of a chart, an inch


def drawn(kind: str, spec: dict[str, Any]) -> bytes:
    """The chart as a file of this kind; "javascript" is what a page needs to show charts by itself."""
    if kind == "javascript":
        # Its stubs call the snippet required: without one it gives all that a page needs.
        return str(vl_convert.javascript_bundle()).encode()  # type: ignore[call-arg]
    if kind == "svg":
        return str(vl_convert.vegalite_to_svg(spec)).encode()
    if kind == "pdf":
        return _pdf(spec)
    return bytes(vl_convert.vegalite_to_png(spec, scale=PNG_SCALE))


def _pdf(spec: dict[str, Any]) -> bytes:
    """As lines and letters; as pixels where a font holds pictures, such as emoji, which it cannot."""
    try:
        return bytes(vl_convert.vegalite_to_pdf(spec))
    except ValueError as mistake:
        if "font" not in str(mistake):
            raise
        try:
            from PIL import Image  # with Streamlit; not a dependency of charts alone
        except ImportError:
            raise mistake from None
    pixels = Image.open(io.BytesIO(vl_convert.vegalite_to_png(spec, scale=PDF_SCALE)))
    page = Image.new("RGB", pixels.size, "white")
    page.paste(pixels, mask=pixels.getchannel("A") if "A" in pixels.getbands() else None)
    file = io.BytesIO()
    page.save(file, "PDF", resolution=PDF_SCALE * POINTS)
    return file.getvalue()


def main() -> None:
    # Only answers may go where the answers go: what libraries print is sent to the errors.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    for line in sys.stdin.buffer:
        request = json.loads(line)
        head: dict[str, Any]
        try:
            file = drawn(request["kind"], request["spec"])
            head = {"bytes": len(file)}
        except Exception as mistake:  # whatever the library raises is the answer to this request
            file, head = b"", {"mistake": str(mistake)[:300]}
        answers.write(json.dumps(head).encode() + b"\n" + file)
        answers.flush()


if __name__ == "__main__":
    main()
