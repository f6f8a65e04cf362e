"""What libraries raise becomes an exception that the house can put into words."""

from __future__ import annotations

import pytest
from tokenizers import pre_tokenizers

from attnlit.models.failures import NativeFault, native_faults


def test_a_panic_of_a_rust_library_becomes_an_ordinary_exception(capfd: pytest.CaptureFixture[str]) -> None:
    panics = pre_tokenizers.FixedLength(0)
    with pytest.raises(NativeFault, match="non-zero") as caught, native_faults():
        panics.pre_tokenize_str("abc")
    assert isinstance(caught.value, Exception)
    assert not isinstance(caught.value.__cause__, Exception)  # which is why nobody else would catch it


@pytest.mark.parametrize("end", [KeyboardInterrupt, SystemExit, GeneratorExit, ValueError])
def test_everything_else_passes_as_it_is(end: type[BaseException]) -> None:
    with pytest.raises(end), native_faults():
        raise end
