"""Limits come from the environment and are asked before memory is spent."""

from __future__ import annotations

import pytest
import torch
from threadpoolctl import threadpool_info

from attnlit.errors import AttnlitError
from attnlit.models import limits


def test_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("ATTNLIT_MAX_TOKENS", "ATTNLIT_MAX_MODEL_MB", "ATTNLIT_THREADS"):
        monkeypatch.delenv(variable, raising=False)
    assert (limits.max_tokens(), limits.max_model_megabytes(), limits.threads()) == (512, 2048, 1)
    assert limits.forwards_at_once() >= 1


def test_the_environment_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTNLIT_MAX_TOKENS", "64")
    monkeypatch.setenv("ATTNLIT_MAX_MODEL_MB", " 100 ")
    assert limits.max_tokens() == 64
    assert limits.max_model_megabytes() == 100


@pytest.mark.parametrize("value", ["many", "0", "-3", "1.5", "9" * 30, "9" * 5_000])
def test_a_setting_that_is_no_number_is_named(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTNLIT_MAX_TOKENS", value)
    with pytest.raises(AttnlitError, match="ATTNLIT_MAX_TOKENS must be a whole number"):
        limits.max_tokens()


def test_more_threads_than_any_machine_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTNLIT_THREADS", "1000000")
    with pytest.raises(AttnlitError, match="ATTNLIT_THREADS must be a whole number from 1 to 1,024"):
        limits.set_threads()


def test_how_long_a_hub_may_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ATTNLIT_HUB_SECONDS", raising=False)
    assert limits.hub_seconds() == 1.8
    monkeypatch.setenv("ATTNLIT_HUB_SECONDS", "7.5")
    assert limits.hub_seconds() == 7.5
    for value in ("soon", "0", "-1", "nan", "inf", "1e9"):
        monkeypatch.setenv("ATTNLIT_HUB_SECONDS", value)
        with pytest.raises(AttnlitError, match="ATTNLIT_HUB_SECONDS must be a number of seconds"):
            limits.hub_seconds()


def test_a_model_over_the_limit_names_both_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTNLIT_MAX_MODEL_MB", "400")
    limits.check_size("small", 100_000_000)
    with pytest.raises(AttnlitError, match="needs 404 MB of memory and this app allows 400 MB"):
        limits.check_size("large", 101_000_000)


def test_threads_are_given_to_torch_and_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    before = torch.get_num_threads()
    monkeypatch.setenv("ATTNLIT_THREADS", "2")
    try:
        limits.set_threads()
        assert torch.get_num_threads() == 2
        pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
        assert {pool["num_threads"] for pool in pools} == {2}
    finally:
        torch.set_num_threads(before)
