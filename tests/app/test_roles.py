"""Roles in the model view: the choice stands in the address, the words, the link and the code."""

from __future__ import annotations

from tests.app.opening import opened, said, told, typed


def test_a_role_in_the_address_is_what_the_page_says_links_and_makes_again() -> None:
    app = opened("model_view", role="previous")
    assert not app.exception
    assert not app.warning
    assert "1 of 48 heads is a previous-token head (3-2): 50% or more of its attention" in told(app)
    code = "\n".join(each.value for each in app.code)
    assert "only='Previous token'" in code
    assert "role=previous" in code, "the link"
    typed(app, "The cat sat on the mat and then it slept.")
    assert "role" not in app.query_params, "roles are of one text"
    assert "50% or more of its attention" not in told(app)


def test_a_role_is_chosen_from_a_list_as_by_the_legend() -> None:
    app = opened("model_view")
    (roles,) = (box for box in app.selectbox if box.label == "Heads of one role")
    assert roles.value is None
    assert roles.options == ["Previous token", "Current token", "First token", "No clear role"]
    roles.select("Current token").run()
    assert "1 of 48 heads is a current-token head (4-2)" in told(app)
    assert app.query_params["role"] == "current"
    (roles,) = (box for box in app.selectbox if box.label == "Heads of one role")
    roles.select(None).run()
    assert "role" not in app.query_params


def test_a_role_that_no_head_has_is_said_and_every_head_shown() -> None:
    app = opened("model_view", role="separators")
    assert "You asked for role “separators”, but on this text the choice is previous, current, " in said(app)
    assert "click a role" in told(app)
    assert "only=" not in "\n".join(each.value for each in app.code)


def test_a_text_too_short_to_tell_roles_has_none() -> None:
    app = opened("model_view", text="The cat.", role="previous")
    assert not app.exception
    assert "click a role" not in told(app)
    assert "roles" not in "\n".join(each.value for each in app.code)
