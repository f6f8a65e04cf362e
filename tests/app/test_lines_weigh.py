"""What lines weigh is chosen above the picture, and everything beside it follows."""

from __future__ import annotations

import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from attnlit.app import cache
from attnlit.attention import passed_on, values
from attnlit.errors import AttnlitError
from attnlit.models.model import Model
from tests.app.opening import opened, plain, said

CHOICE = "What is passed on"


def tables(app: AppTest) -> dict[str, list[dict[str, object]]]:
    """The tables of the first picture, by name."""
    (chart, *_) = app.get("vega_lite_chart")
    return {
        each.name: pa.ipc.open_stream(each.data.data).read_all().to_pylist() for each in chart.proto.datasets
    }


@pytest.mark.parametrize("page", ["head_view", "model_view"])
@pytest.mark.parametrize("model", ["mini-gpt2", "mini-bert"])
def test_the_choice_changes_the_picture_and_says_what_it_shows(page: str, model: str) -> None:
    app, other = opened(page, model=model), opened(page, model=model, weigh=CHOICE)
    assert not other.exception
    assert not other.warning
    assert tables(app) != tables(other)
    notes = [
        plain(" ".join(each.value for each in (*each_page.caption, *each_page.markdown)))
        for each_page in (app, other)
    ]
    assert "100% is the most that any head of this layer brings" in notes[1]
    assert "100% is the most" not in notes[0]


def test_the_words_are_of_what_is_passed_on() -> None:
    app = opened("head_view", model="mini-gpt2", weigh=CHOICE, layer="3", heads="2", query="3")
    assert any("Of what head 3-2 brings to" in each.value for each in app.markdown)


def test_the_record_is_that_of_the_library_and_shared() -> None:
    model = cache.load_model("mini-gpt2")
    shown = cache.filtered(model, "The cat sat.", "", "self", cache.Filters(passed_on=True))
    assert (shown.weights == passed_on(model, "The cat sat.").weights).all()
    again = cache.filtered(model, "The cat sat.", "", "self", cache.Filters(passed_on=True))
    assert again is shown


def test_the_neuron_view_shows_attention_alone() -> None:
    app = opened("neuron_view", model="mini-gpt2", weigh=CHOICE)
    assert not app.exception
    assert not any(each.label == "Lines weigh" for each in app.get("button_group"))


def test_a_model_that_cannot_show_it_says_why_and_shows_attention(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(model: Model) -> None:
        raise AttnlitError("a reason.")

    monkeypatch.setattr(values, "prove_values", refuse)
    app = opened("head_view", model="mini-gpt2", weigh=CHOICE)
    assert not app.exception
    assert tables(app) == tables(opened("head_view", model="mini-gpt2"))
    text = said(app) + " ".join(each.value for each in (*app.info, *app.markdown, *app.caption))
    assert "a reason" in text


def test_a_resting_head_is_measured_when_it_is_asked() -> None:
    app = opened("head_view", model="mini-gpt2", layer="5", heads="7")
    (button,) = (each for each in app.button if each.label == "Idle, constant or working?")
    app = button.click().run(timeout=120)
    assert not app.exception
    assert any("Head 5-7 adds a **constant**" in each.value for each in app.markdown)
    other = opened("head_view", model="mini-gpt2", layer="2", heads="3")
    assert not any(each.label == "Idle, constant or working?" for each in other.button)
