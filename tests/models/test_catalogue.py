"""The catalogue is a table that can be read without loading anything."""

from __future__ import annotations

import subprocess
import sys

from attnlit.models.catalogue import CATALOGUE, entry, groups
from attnlit.models.offer import is_hub_id


def test_the_bundled_pair_comes_first() -> None:
    assert [each.id for each in CATALOGUE if each.bundled] == ["mini-gpt2", "mini-bert"]
    assert [each.id for each in CATALOGUE[:2]] == ["mini-gpt2", "mini-bert"]


def test_entries_are_complete_and_unlike_each_other() -> None:
    assert len({each.id for each in CATALOGUE}) == len(CATALOGUE)
    for each in CATALOGUE:
        assert 0 < each.megabytes < 2048
        assert each.about.endswith((".", "?"))
        assert each.languages
        assert each.licence
        assert each.bundled or is_hub_id(each.id)


def test_groups_hold_every_entry_once_and_together() -> None:
    assert [each for entries in groups().values() for each in entries] == list(CATALOGUE)
    assert next(iter(groups())) == "With attnlit"
    assert all(
        each.bundled == (name == "With attnlit") for name, entries in groups().items() for each in entries
    )


def test_an_entry_is_found_by_its_id() -> None:
    found = entry("gpt2")
    assert found is not None
    assert found.megabytes == 548
    assert entry("gpt3") is None


def test_neither_catalogue_nor_record_imports_torch() -> None:
    modules = (
        "attnlit.models.catalogue, attnlit.attention, attnlit.attention.filters, attnlit.attention.words"
    )
    check = "assert not {'torch', 'transformers', 'streamlit'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", f"import sys, {modules}; {check}"], check=True)
