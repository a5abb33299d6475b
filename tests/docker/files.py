"""The files of `docker/`, read as those read them who run them."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "docker"
DOCKERFILE = DOCKER / "Dockerfile"


@dataclass(frozen=True)
class Instruction:
    """One instruction of a Dockerfile."""

    stage: str
    word: str
    text: str

    @property
    def paths(self) -> tuple[list[str], str | None]:
        """What a COPY takes from the build's context, and the stage that it takes it from instead, if any."""
        words = self.text.split()
        origin = next((word.partition("=")[2] for word in words if word.startswith("--from=")), None)
        return [word for word in words if not word.startswith("--")][:-1], origin


def instructions() -> list[Instruction]:
    """The Dockerfile's instructions, each with the name of its stage."""
    lines = [line for line in DOCKERFILE.read_text().splitlines() if not line.lstrip().startswith("#")]
    found, stage = [], ""
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        word, _, text = line.partition(" ")
        if word == "FROM":
            stage = text.rpartition(" AS ")[2]
        if word:
            found.append(Instruction(stage, word, text))
    return found


def image_environment() -> dict[str, str]:
    """What ENV says in the stage `cpu`."""
    texts = [found.text for found in instructions() if (found.stage, found.word) == ("cpu", "ENV")]
    return dict(setting.split("=", 1) for text in texts for setting in text.split())


def interpolated(value: Any, variables: dict[str, str]) -> Any:
    """What Compose makes of `${NAME:-default}`, the one form that is used."""
    if isinstance(value, dict):
        return {key: interpolated(item, variables) for key, item in value.items()}
    if isinstance(value, list):
        return [interpolated(item, variables) for item in value]
    if isinstance(value, str):
        return re.sub(r"\$\{(\w+):-([^}]*)\}", lambda found: variables.get(found[1]) or found[2], value)
    return value


def compose(**variables: str) -> dict[str, Any]:
    """The compose file, interpolated."""
    loaded: dict[str, Any] = interpolated(yaml.safe_load((DOCKER / "compose.yaml").read_text()), variables)
    return loaded


def command_of(service: dict[str, Any]) -> list[str]:
    """What a service's container runs, the image's entry point included; empty where the image says it."""
    entrypoint, command = service.get("entrypoint", ["scyc-entrypoint"]), service.get("command")
    if command is None:
        return []
    return [*entrypoint, *(shlex.split(command) if isinstance(command, str) else command)]


@cache
def manifests() -> list[dict[str, Any]]:
    """The documents of the KubeRay manifest."""
    return list(yaml.safe_load_all((DOCKER / "kuberay.yaml").read_text()))


def ray_cluster() -> dict[str, Any]:
    """The KubeRay manifest's cluster."""
    (found,) = (document for document in manifests() if document["kind"] == "RayCluster")
    return found


def cluster_file() -> dict[str, Any]:
    """The file for `ray up`."""
    loaded: dict[str, Any] = yaml.safe_load((DOCKER / "ray-cluster.yaml").read_text())
    return loaded


def locked() -> dict[str, str]:
    """The version of every package in the lock."""
    return dict(re.findall(r"^([\w-]+)==([^\s;]+)", (ROOT / "requirements.lock").read_text(), flags=re.MULTILINE))
