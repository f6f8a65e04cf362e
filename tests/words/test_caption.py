"""What a saved picture says of itself."""

from __future__ import annotations

import attnlit
from attnlit.models.identity import identity_of
from attnlit.words.caption import caption

COMMIT = "0123456789abcdef0123456789abcdef01234567"
VERSION = f"attnlit {attnlit.__version__}"


def test_it_says_what_is_drawn_of_which_text_by_which_model() -> None:
    about = ("query: “sat”", "lines weigh attention")
    said = caption("gpt2", f"openai-community/gpt2 {COMMIT}", ("The cat sat.", ""), about)
    assert said.split("\n") == [
        "Query: “sat” · lines weigh attention · layers and heads count from 0",
        "Text: “The cat sat.”",
        f"gpt2 (0123456789) · {VERSION}",
    ]


def test_what_there_is_none_of_is_left_out_and_a_long_text_has_an_end() -> None:
    assert caption("m", "m", ()).split("\n") == ["Layers and heads count from 0", f"m · {VERSION}"]
    said = caption("m", "m", ("word " * 99, "Two\nlines")).split("\n")
    assert len(said[1]) < 120
    assert said[1].endswith("…” / “Two lines”")


def test_a_bundled_models_files_are_named_and_a_folders_path_is_not() -> None:
    bundled = identity_of("mini-gpt2")
    assert f"mini-gpt2 ({bundled.split()[-1][:10]})" in caption("mini-gpt2", bundled, ())
    assert caption("mine", f"/home/somebody/secret {COMMIT}", ()).split("\n")[-1] == f"mine · {VERSION}"
