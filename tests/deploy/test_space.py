"""The header of a Hugging Face Space and the container that it starts say the same."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

DEPLOY = Path(__file__).parents[2] / "deploy"


def test_the_space_asks_the_port_at_which_the_container_listens() -> None:
    before, header, after = (DEPLOY / "space_header.yaml").read_text(encoding="utf-8").split("---\n")
    assert (before, after) == ("", "")  # README follows
    said = yaml.safe_load(header)
    container = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    assert said["sdk"] == "docker"
    assert re.findall(r"^EXPOSE (\d+)$", container, re.MULTILINE) == [str(said["app_port"])]
    assert f"--listen {said['app_port']}" in container
    assert "--uid 1000 " in container  # a Space's own
