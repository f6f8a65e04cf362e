"""What the documentation counts of architectures is what its table says."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
TABLE = (ROOT / "docs/architectures.md").read_text(encoding="utf-8")
README = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())


def counts() -> tuple[int, int, int, int]:
    """Types in the table, and how many of them have each of the three marks."""
    rows = [line.split(" | ") for line in TABLE.splitlines() if re.match(r"\| [a-z]", line)][1:]
    assert all(len(row) == 6 and set(row[1:4]) <= {"✓", "–"} for row in rows)
    views, neurons, values = (sum(row[column] == "✓" for row in rows) for column in (1, 2, 3))
    return len(rows), views, neurons, values


def test_the_page_counts_its_own_table() -> None:
    said = re.search(
        r"Of (\d+) types that were tried, \*\*(\d+)\*\* .*?\*\*(\d+)\*\* .*?\*\*(\d+)\*\* ", TABLE, re.DOTALL
    )
    assert said is not None
    assert tuple(map(int, said.groups())) == counts()


def test_the_readme_counts_the_same_table() -> None:
    said = re.search(
        r"Of (\d+) types of text models of transformers ([\d.]+) that were built small and tried, (\d+) show "
        r"head and model view, and (\d+) the neuron view",
        README,
    )
    assert said is not None
    tried, version, views, neurons = said.groups()
    assert (int(tried), int(views), int(neurons)) == counts()[:3]
    assert f"with transformers {version}." in TABLE


def test_every_type_stands_once() -> None:
    types = re.findall(r"^\| ([a-z][\w.-]*) \|", TABLE, re.MULTILINE)[1:]
    not_tried = TABLE.rpartition("did not run: ")[2].strip().rstrip(".").replace("\n", " ").split(", ")
    assert types == sorted(types)
    assert not set(types) & set(not_tried)
