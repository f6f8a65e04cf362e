"""What models compute, with the plainest kernels there are: a small part of `make kernels`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# Where kernels differ most: a text in a batch against the same text alone, and ratios of what is predicted.
TRIED = (
    "tests/attention/test_forward.py::test_texts_read_together_have_the_attention_that_they_have_alone",
    "tests/attention/test_apply.py::test_rows_of_a_batch_are_edited_each_for_itself",
    "tests/analysis/bias/test_effects.py",
)
SOME = "gpt2 or bert or t5"
RUN = """
import sys, pytest, torch
assert torch.backends.cpu.get_cpu_capability() == "DEFAULT", torch.backends.cpu.get_cpu_capability()
sys.exit(pytest.main(sys.argv[1:]))
"""


@pytest.mark.whole
def test_numbers_hold_with_other_kernels() -> None:
    (others,) = re.findall(r"^OTHER_KERNELS := (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    variables = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    variables |= dict(each.split("=") for each in others.split())
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-k", SOME, *TRIED]
    done = subprocess.run(
        [sys.executable, "-c", RUN, *options], cwd=ROOT, env=variables, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert int(re.findall(r"(\d+) passed", done.stdout)[0]) > 10
