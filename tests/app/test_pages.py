"""Every page with every bundled model, and every mistake that a visitor can make, without a browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from attnlit.analysis.scores import telling_query
from attnlit.app import cache, panels
from attnlit.app.frame.cards import LEARN, PAGES, PageCard
from attnlit.attention import attend
from tests.app.opening import MODELS, ROOT, VIEWS, opened, plain, said, typed
from tests.bundled import bundled
from tests.tiny import ARCHITECTURES


def test_home_opens() -> None:
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60).run()
    assert not app.exception
    assert app.title[0].value == "attnlit"
    assert app.get("vega_lite_chart")


@pytest.mark.parametrize("card", PAGES, ids=lambda card: card.script)
def test_a_page_opens(card: PageCard, small_model: Callable[[str], str]) -> None:
    app = opened(card.script, **({"model": small_model("mini-gpt2")} if card.controls else {}))
    assert not app.exception
    assert not app.error
    assert not app.warning
    assert app.title[0].value == card.title
    assert app.get("vega_lite_chart") or card.section == LEARN


@pytest.mark.parametrize("page", VIEWS)
@pytest.mark.parametrize("model", MODELS)
def test_every_view_of_every_bundled_model(page: str, model: str) -> None:
    app = opened(page, model=model)
    assert not app.exception
    assert not app.warning
    assert app.selectbox(key="model").value == model
    assert app.get("vega_lite_chart")


@pytest.mark.parametrize("page", VIEWS)
def test_another_layer_and_head_change_the_data_of_a_picture_and_not_the_picture(page: str) -> None:
    """What the front end makes its specification of stays the same: else it would embed the picture anew."""
    model = "mini-bert"
    pictures = opened(page, model=model, layer="0", head="0").get("vega_lite_chart")
    others = opened(page, model=model, layer="2", head="1").get("vega_lite_chart")
    for picture, other in zip(pictures, others, strict=True):
        assert (picture.proto.spec, picture.proto.alt) == (other.proto.spec, other.proto.alt)
        assert picture.proto.datasets != other.proto.datasets


@pytest.mark.parametrize(
    ("page", "text", "answer"),
    [
        ("head_view", "", "The text is empty"),
        ("head_view", "   \n\t ", "The text is empty"),
        ("head_view", "word " * 2000, "at most 512"),
        ("head_view", "x" * 200_000, "at most 512"),
        ("model_view", "", "The text is empty"),
        ("neuron_view", "word " * 2000, "at most 512"),
    ],
    ids=["empty", "blank", "2000 words", "huge", "empty in the model view", "2000 words in the neuron view"],
)
def test_texts_that_cannot_be_shown_are_answered_in_words(page: str, text: str, answer: str) -> None:
    app = typed(opened(page), text)
    assert not app.exception
    assert answer in said(app)
    kept = 512 * 40  # characters; the browser lets nobody type more
    assert app.text_area(key="text").value == text[:kept]  # nothing typed is lost


def test_of_a_text_in_a_link_only_so_much_is_kept() -> None:
    app = opened("head_view", text="word " * 40_000)
    assert "the first 20,480 are kept" in said(app)
    assert len(app.text_area(key="text").value) == 20_480


DRAWN = [card for card in PAGES if card.section != LEARN]  # pages that open with a picture


class Panic(BaseException):
    """As a panic of a library in Rust: no `Exception`."""


@pytest.mark.parametrize(
    ("card", "fault"),
    [*((card, KeyError) for card in DRAWN), (DRAWN[0], Panic)],
    ids=[*(card.title for card in DRAWN), "a panic"],
)
def test_a_fault_of_ours_is_answered_with_a_number_and_the_sidebar_stays(
    card: PageCard,
    fault: type[BaseException],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fails(*arguments: object, **named: object) -> None:
        raise fault("/a/secret/path")

    monkeypatch.setattr(panels, "picture", fails)
    app = opened(card.script)
    assert not app.exception
    number = re.findall(r"fault (\d{5})", plain(app.error[0].value))[0]
    assert f"Fault {number}" in caplog.text
    assert "secret" in caplog.text
    assert "secret" not in app.error[0].value
    assert app.title[0].value == card.title
    assert bool(app.selectbox) == bool(card.controls)
    caplog.clear()


STRANGE = ("cat", "🙂", "🙂👩‍👩‍👧‍👦🇪🇺", "猫が座った", "<script>alert(1)</script>", "*a* _b_ $x$ [l](u) `c`")


@pytest.mark.parametrize(
    ("page", "model", "text"),
    [
        *(("head_view", model, text) for model in MODELS for text in STRANGE),
        *(
            (page, model, text)
            for page in VIEWS[1:]
            for model, text in zip(MODELS, STRANGE[2:], strict=False)
        ),
    ],
)
def test_short_and_strange_texts_are_shown(
    page: str, model: str, text: str, small_model: Callable[[str], str]
) -> None:
    app = opened(page, model=small_model(model), text=text)
    assert not app.exception
    assert not app.warning
    assert app.get("vega_lite_chart")


@pytest.mark.parametrize("page", VIEWS)
def test_a_link_with_a_layer_that_the_model_lacks(page: str) -> None:
    app = opened(page, model="mini-gpt2", layer="11")
    assert not app.exception
    assert "layer 11, but mini-gpt2 has layers 0 to 5" in said(app)
    assert app.get("vega_lite_chart")  # and a picture all the same


@pytest.mark.parametrize("page", ["head_view", "neuron_view"])  # several heads are chosen, or one
@pytest.mark.parametrize(
    "address",
    [
        {"layer": "x"},
        {"heads": "99"},
        {"head": "2"},
        {"layer": ""},
        {"head": "99"},
        {"query": "999"},
        {"query": "-1"},
        {"filter": "C"},
    ],
)
def test_nonsense_in_a_link(page: str, address: dict[str, str]) -> None:
    app = opened(page, **address)
    assert not app.exception
    assert app.get("vega_lite_chart")
    assert app.button_group(key="layer").value in range(6)
    heads = app.button_group(key="heads" if page == "head_view" else "head").value
    assert set(heads if isinstance(heads, list) else [heads]) <= {*range(8), "All"}
    assert heads != []


@pytest.mark.parametrize("page", VIEWS)
def test_a_model_that_does_not_exist(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTNLIT_ANY_MODEL", "1")
    app = opened(page, model="no/such-model")
    assert not app.exception
    assert "no/such-model" in said(app)


@pytest.mark.parametrize("page", VIEWS)
def test_a_public_host_opens_only_models_from_its_list(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTNLIT_ANY_MODEL", "0")
    app = opened(page, model="/etc")
    assert not app.exception
    assert "/etc" in said(app)
    assert app.selectbox(key="model").value == "mini-gpt2"


def test_the_sentence_filter_is_offered_only_where_there_are_two_sentences() -> None:
    alone = opened("head_view", text="The cat sat.")
    assert "filter" not in [group.key for group in alone.button_group]
    both = opened("head_view", text="The cat sat.", pair="The dog ran.")
    assert both.button_group(key="filter").value == "All"


def test_whole_words_are_offered_where_a_word_is_in_pieces_and_no_vectors_are_shown() -> None:
    assert not [each for each in opened("head_view", text="The cat sat.").toggle if each.key == "words"]
    assert not [each for each in opened("neuron_view", text="Violinists!").toggle if each.key == "words"]
    app = opened("head_view", text="Unbelievable violinists")
    app.toggle(key="words").set_value(True).run()
    assert not app.exception
    assert any("violinists" in each.value for each in app.markdown)  # not a piece of it


def test_words_that_the_model_does_not_know_are_said() -> None:
    def notes(text: str) -> str:
        app = opened("head_view", model="mini-bert", text=text, pair="")
        return plain(" ".join(each.value for each in app.caption))

    assert "does not know 2 of these 3 tokens" in notes("猫 cat 🙂")
    assert "does not know" not in notes("The cat")


def test_a_typed_mark_leads_to_the_field_of_the_second_sentence() -> None:
    def hints(text: str, pair: str) -> str:
        app = opened("head_view", model="mini-bert", text=text, pair=pair)
        return plain(" ".join(each.value for each in app.info))

    assert "[SEP] is read as a mark inside sentence A" in hints("The cat sat. [SEP] The dog ran.", "")
    assert "[SEP]" not in hints("The cat sat.", "The dog ran.")


def test_hidden_special_tokens_leave_rows_that_can_be_rescaled() -> None:
    def largest() -> float:
        """What the read-out says first: the query's largest weight, in percent."""
        said = " ".join(each.value for each in app.markdown)
        return float(re.findall(r"looks [\w ,]+ \S+ \(([\d.]+)%\)", said)[0])

    app = opened("head_view", text="The cat sat.", pair="", heads="0")
    assert not [each for each in app.toggle if each.key == "rescaled"]
    app.toggle(key="special").set_value(True).run()
    part = largest()
    app.toggle(key="rescaled").set_value(True).run()
    assert not app.exception
    assert app.get("vega_lite_chart")
    record = attend(cache.load_model("mini-gpt2"), "The cat sat.")
    row = record.weights[0, 0, -2, 1:]  # of the last word, without the mark of the beginning
    assert part == pytest.approx(100 * row.max(), abs=0.5)
    assert largest() == pytest.approx(100 * row.max() / row.sum(), abs=0.5)


def test_the_neuron_view_rescales_nothing_as_its_weights_are_a_softmax() -> None:
    app = opened("neuron_view", text="The cat sat.", special="true", rescaled="true")
    assert app.toggle(key="special").value
    assert not [each for each in app.toggle if each.key == "rescaled"]


@pytest.mark.parametrize(
    ("page", "architecture"),
    [
        *(("neuron_view", each) for each in ARCHITECTURES),  # queries and keys come in many ways,
        *((page, each) for page in VIEWS[:2] for each in ("bert", "gpt2", "t5")),  # weights in one
    ],
)
def test_a_folder_of_any_architecture_opens_in_every_view(
    page: str, architecture: str, tiny_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATTNLIT_ANY_MODEL", "1")
    folder = str(tiny_folder(architecture))
    app = opened(page, model=folder, text="The cat sat on the mat.", pair="The dog lay on the rug.")
    assert not app.exception
    assert not app.warning
    assert app.get("vega_lite_chart")


@pytest.mark.parametrize("page", VIEWS)
@pytest.mark.parametrize("kind", ["encoder", "decoder", "cross"])
def test_an_encoder_decoder_shows_each_of_its_kinds(
    page: str, kind: str, tiny_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATTNLIT_ANY_MODEL", "1")
    texts = {"text": "The cat sat on the mat.", "target": "Der Hund"}
    app = opened(page, model=str(tiny_folder("t5")), kind=kind, **texts)
    assert not app.exception
    assert not app.warning
    assert app.button_group(key="kind").value == kind
    assert app.get("vega_lite_chart")


def test_going_back_to_an_address_without_a_query_forgets_it() -> None:
    app = opened("neuron_view", layer="0", head="0")
    last_word = app.selectbox(key="query").value
    app.selectbox(key="query").set_value(2).run()
    assert app.query_params["query"] == "2"
    del app.query_params["query"]  # what the back button does
    app.run()
    assert app.selectbox(key="query").value == last_word
    assert "query" not in app.query_params


def test_a_hidden_query_is_chosen_again_when_it_is_shown_again() -> None:
    app = opened("neuron_view", model="mini-bert", query="0")
    assert app.selectbox(key="query").value == 0
    app.toggle(key="special").set_value(True).run()
    assert app.selectbox(key="query").value != 0
    app.toggle(key="special").set_value(False).run()
    assert app.selectbox(key="query").value == 0


def test_the_same_example_opens_again_after_another_text() -> None:
    app = opened("head_view", example="induction")
    assert "Dursby" in app.text_area(key="text").value
    typed(app, "Something else entirely.")
    assert app.text_area(key="text").value == "Something else entirely."
    app.switch_page("pages/home.py").run()
    app.switch_page("pages/head_view.py")
    app.query_params["example"] = "induction"
    app.run()
    assert "Dursby" in app.text_area(key="text").value


def test_a_new_text_starts_without_the_old_ones_query_at_a_token_that_shows_what_the_head_does() -> None:
    app = opened("neuron_view", query="4", layer="3", head="2")
    text = "One two three four five."
    typed(app, text)
    telling = telling_query(cache.attention(bundled("mini-gpt2"), text, "")["self"], 3, 2)
    assert app.selectbox(key="query").value == telling != 4
    assert app.query_params["query"] == str(telling)
    assert (app.query_params["layer"], app.query_params["head"]) == ("3", "2")


def test_a_link_meant_for_a_larger_model_keeps_what_it_can(
    tiny_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATTNLIT_ANY_MODEL", "1")
    app = opened("head_view", model=str(tiny_folder("bert")), layer="5", heads="7")
    assert not app.exception
    assert "layer 5" in said(app)
    assert "head 7" in said(app)
    assert app.button_group(key="layer").value == 0
    assert app.get("vega_lite_chart")


def test_a_model_that_gives_only_weights_says_why_it_has_no_neuron_view(
    tiny_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from attnlit.attention import proof

    monkeypatch.setenv("ATTNLIT_ANY_MODEL", "1")

    def refuse(*arguments: object, **named: object) -> None:
        raise RuntimeError("this model hides how it attends")

    monkeypatch.setattr(proof, "recording", refuse)
    cache.models.clear()
    folder = str(tiny_folder("bert"))
    text = "Nobody has read this sentence before."  # a record of it must not be in the cache
    assert opened("head_view", model=folder, text=text).get("vega_lite_chart")
    app = opened("neuron_view", model=folder, text=text)
    cache.models.clear()
    assert not app.exception
    assert "neuron view is not possible" in said(app)


@pytest.mark.parametrize("page", VIEWS)
def test_switching_a_head_off_shows_what_the_model_predicts_without_it(page: str) -> None:
    app = opened(page, heads="2", head="2", layer="3", text="The cat sat on the")
    app.toggle(key="switch_off").set_value(True).run()
    assert not app.exception
    assert "without head 3-2" in plain(" ".join(each.value for each in app.markdown))
    assert {"token", "before", "after"} <= set(app.dataframe[0].value.columns)


def test_a_masked_model_without_a_mask_says_where_to_put_one() -> None:
    app = opened("model_view", model="mini-bert", text="The cat sat.")
    app.toggle(key="switch_off").set_value(True).run()
    assert not app.exception
    assert "Put [MASK] into the text" in plain(app.info[0].value)
    assert app.get("vega_lite_chart")


def test_another_model_starts_without_the_old_ones_query() -> None:
    app = opened("neuron_view", model="mini-gpt2", query="2")
    assert app.selectbox(key="query").value == 2
    app.selectbox(key="model").set_value("mini-bert").run()
    assert "query" not in app.query_params
    assert app.selectbox(key="query").value != 2


def test_the_head_views_switches_are_the_choice_of_heads() -> None:
    app = opened("head_view", text="The cat sat.", heads=["1", "3"], query="2")
    (chart,) = (each.proto for each in app.get("vega_lite_chart"))
    assert set(chart.selection_mode) == {"pin", "more", "heads", "solo"}
    tables = {each.name: pa.ipc.open_stream(each.data.data).read_all() for each in chart.datasets}
    assert tables["setup"]["on_before"].to_pylist() == ["01010000"]
    held = [(row["side"], row["index"]) for row in tables["tokens"].to_pylist() if row["held"]]
    assert held == [("query", 2)]
