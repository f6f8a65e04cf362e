"""The writing page: what it says follows from the numbers, and a link restores it."""

from __future__ import annotations

from urllib.parse import parse_qs

from attnlit.analysis.word_loss import loss_by_word
from attnlit.analysis.writing import guess, lost_without, writes
from attnlit.words.word_loss import loss_in_words
from attnlit.words.writing import head_in_words, sum_in_words
from tests.app.opening import opened, plain, told
from tests.bundled import bundled

TEXT = "The cat sat on the"


def test_it_says_what_the_sum_is_made_of_and_what_a_head_does() -> None:
    app = opened("writing", text=TEXT, pair="", layer="5", head="7", asked="mat", against="floor")
    assert not app.exception
    assert not app.error
    assert len(app.get("vega_lite_chart")) == 3  # the sum, the map, the looks
    model = bundled("mini-gpt2")
    found = writes(model, TEXT, "mat", "floor")
    for sentence in sum_in_words(found):
        assert plain(sentence) in told(app)
    written = found.heads.set_index(["layer", "head"])["logit"][5, 7]
    (lost,) = lost_without(model, guess(model, TEXT, "mat", "floor"), [("self", 5, 7)])
    assert plain(head_in_words("5-7", written, lost, "mat")) in told(app)
    address = next(each.value for each in app.code if "text=" in each.value)
    carried = parse_qs(address.split("?")[1])
    assert (carried["asked"], carried["against"], carried["head"]) == (["mat"], ["floor"], ["7"])
    without = next(each.value for each in app.code if "without=text" in each.value)
    assert not {"text", "asked", "against"} & parse_qs(without.split("?")[1]).keys()
    app.toggle(key="word_loss").set_value(True).run()
    assert len(app.get("vega_lite_chart")) == 4
    for sentence in loss_in_words(loss_by_word(model, TEXT, [(5, 7)])):
        assert plain(sentence) in told(app)
    app.toggle(key="word_loss").set_value(False).run()
    # What is typed wins over the link, also in later runs.
    app.text_input(key="writing_asked").set_value("dog").run()
    assert app.text_input(key="writing_against").value == "floor"
    assert "gives dog" in told(app).replace("*", "")
    app.button_group(key="layer").set_value(2).run()
    assert app.text_input(key="writing_asked").value == "dog"
    assert app.text_area(key="text").value == TEXT


def test_a_masked_model_has_no_sum_and_shows_what_is_lost() -> None:
    app = opened("writing", model="mini-bert", text="The cat sat on the mat.", pair="", layer="5", head="0")
    assert not app.error
    assert "Switch heads off instead" in told(app)
    assert "In place of *mat*" in told(app)
    assert len(app.get("vega_lite_chart")) == 1
    model = bundled("mini-bert")
    (lost,) = lost_without(model, guess(model, "The cat sat on the mat.", position=6), [("self", 5, 0)])
    assert f"by **{abs(lost):.2f}**" in told(app)


def test_a_typed_mask_is_the_place_that_is_asked() -> None:
    app = opened(
        "writing", model="mini-bert", text="The [MASK] sat on the mat.", pair="", layer="5", head="0"
    )
    assert "In place of *[MASK]*" in told(app)


def test_a_word_of_several_tokens_is_answered_and_filters_of_other_pages_stay() -> None:
    app = opened("head_view", text="Unbelievable violinists sang.", pair="", words="true")
    app.switch_page("pages/writing.py").run()
    assert "words" not in {each.key for each in app.toggle}
    app.text_input(key="writing_asked").set_value("xylophonist").run()
    assert "as several tokens" in plain(app.warning[0].value)
    app.switch_page("pages/head_view.py").run()
    assert app.toggle(key="words").value
