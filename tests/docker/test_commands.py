"""Every command that a file of `docker/` names would be understood by the program that it names."""

from __future__ import annotations

import re

import pytest

from tests.docker.commands import fault, of_readme, written
from tests.docker.files import DOCKER, ROOT


@pytest.mark.slow
@pytest.mark.parametrize("command", written(), ids=" ".join)
def test_a_command_would_be_understood(command: list[str]) -> None:
    assert fault(command) is None


@pytest.mark.parametrize(
    "command",
    [
        "scyc swep",
        "scyc sweep --ray-adress auto",
        "scyc-entrypoint scyc sweep --workers many",
        "ray start --haed",
        "ray healthcheck",
        "optuna-dashboard --hots 0.0.0.0",
        "uv pip synch",
        "uv pip sync --requires-hashes",
        "python gone.py",
        "make --directory ~/scyc .venv/readi",
        "docker compose run --rm swep",
        "docker compose run --rm scyc shwo demo",
        "docker compose --profile gpus up",
        "docker compose up --scale worker=3",
        "docker compose cp head:/artifacts/demo.html .",
        "unheard-of",
    ],
)
def test_a_mistaken_one_would_not(command: str) -> None:
    assert fault(command.split()) is not None


def test_every_file_and_variable_of_the_readme_is_there() -> None:
    text = (DOCKER / "README.md").read_text()
    for name in re.findall(r"`([\w.-]+(?:\.yaml|\.toml|file))`", text):
        assert (DOCKER / name).exists(), name
    for command in of_readme():
        for word in command:
            if word.startswith("docker/") and not word.startswith("docker/secrets"):
                assert (ROOT / word).exists()
    table = text[text.index("| variable |") : text.index("A driver needs")]
    named = set(re.findall(r"`(\w+)`", re.sub(r"\|[^|]*\|$", "", table, flags=re.MULTILINE)))
    used = set(re.findall(r"\$\{(\w+):-", (DOCKER / "compose.yaml").read_text()))
    assert named == used
