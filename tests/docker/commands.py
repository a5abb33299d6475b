"""Commands as they are written in files: found there, and held against the programs that they name."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from typer.main import get_command

from oracle.cli.app import app, register_commands
from tests.docker.files import DOCKER, ROOT, cluster_file, command_of, compose, instructions, manifests, ray_cluster

# Programs of the base image, of PostgreSQL's image, of the machine: there, but nothing that this project installs.
_OTHERS = {"useradd", "install", "openssl", "export", "ulimit", "kubectl", "exec", "test"}


def written() -> list[list[str]]:
    """Every command of every file of `docker/`."""
    return [*_of_dockerfile(), *_of_compose(), *_of_entrypoint(), *_of_kuberay(), *_of_cluster_file(), *of_readme()]


def fault(command: list[str]) -> str | None:
    """What is wrong with a command, None if it would be understood."""
    while command and re.fullmatch(r"\w+=.*", command[0]):
        command = command[1:]  # a variable set for it
    program, arguments = Path(command[0]).name, command[1:]
    if program == "scyc-entrypoint":
        return fault(arguments)
    if program == "scyc":
        register_commands()
        return _parsed(get_command(app), program, arguments)
    if program == "ray":
        from ray.scripts.scripts import cli  # not while tests are collected: see tests/conftest.py

        return _parsed(cli, program, arguments)
    if program in ("uv", "pip", "optuna", "optuna-dashboard"):
        return _listed(program, arguments)
    if program == "python":
        return None if arguments[0] == "-c" or (DOCKER / arguments[0]).is_file() else f"{arguments[0]} is not there"
    if program == "make":
        target = arguments[-1]
        return None if f"\n{target}:" in (ROOT / "Makefile").read_text() else f"the Makefile makes no {target}"
    if program == "docker":
        return _compose_fault(arguments)
    return None if program in {*_OTHERS, "cd", "pg_isready"} else f"nobody knows {program}"


def of_readme() -> list[list[str]]:
    lines = (DOCKER / "README.md").read_text().splitlines()
    return _split("\n".join(line for line in lines if line.startswith("    ")))


def _split(script: str) -> list[list[str]]:
    """The commands of a shell script, without what they write to."""
    parts = re.split(r"\n|&&|;", re.sub(r"\s*(>&2|> \S+)", "", script))
    return [words for part in parts if (words := shlex.split(part))]


def _of_dockerfile() -> list[list[str]]:
    found = []
    for instruction in instructions():
        if instruction.word == "RUN":
            found += _split(re.sub(r"--mount=\S+", "", instruction.text))
        elif instruction.word in ("CMD", "HEALTHCHECK"):
            found.append(json.loads(instruction.text[instruction.text.index("[") :]))
    return found


def _of_compose() -> list[list[str]]:
    services = compose()["services"].values()
    checks = [service["healthcheck"]["test"][1:] for service in services if "test" in service.get("healthcheck", {})]
    return [*filter(None, map(command_of, services)), *checks]


def _of_entrypoint() -> list[list[str]]:
    found = re.findall(r"^ +(ray .*)$", (DOCKER / "entrypoint.sh").read_text(), flags=re.MULTILINE)
    assert found
    return [command for line in found for command in _split(line)]


def _of_kuberay() -> list[list[str]]:
    """What the operator makes of its parameters, the probes, and the job."""
    spec, found = ray_cluster()["spec"], []
    for group, place in [(spec["headGroupSpec"], "--head")] + [(g, "--address=h:1") for g in spec["workerGroupSpecs"]]:
        given = [f"--{key}={value}" for key, value in group["rayStartParams"].items()]
        found.append(["ray", "start", "--block", place, *given])
        container = group["template"]["spec"]["containers"][0]
        found += [container[probe]["exec"]["command"] for probe in ("livenessProbe", "readinessProbe")]
    (job,) = (document for document in manifests() if document["kind"] == "Job")
    return [*found, job["spec"]["template"]["spec"]["containers"][0]["args"]]


def _of_cluster_file() -> list[list[str]]:
    keys = ("setup_commands", "head_start_ray_commands", "worker_start_ray_commands")
    return [command for key in keys for line in cluster_file()[key] for command in _split(line)]


def _parsed(command: Any, name: str, arguments: list[str]) -> str | None:
    """What Click says of arguments; nothing is run."""
    while arguments and arguments[0] in getattr(command, "commands", {}):
        command, name, arguments = command.commands[arguments[0]], arguments[0], arguments[1:]
    if arguments == ["--help"]:
        return None
    if hasattr(command, "commands"):
        return f"{name} has no command {arguments[:1]}"
    try:
        command.make_context(name, list(arguments))
    except Exception as error:
        return f"{name}: {getattr(error, 'message', error)}"
    return None


@cache
def _help(program: str, *subcommands: str) -> str:
    folder = Path(sys.executable).parent
    ran = subprocess.run([folder / program, *subcommands, "--help"], capture_output=True, text=True, check=False)
    return ran.stdout if ran.returncode == 0 else ""


def _listed(program: str, arguments: list[str]) -> str | None:
    """Whether a program's own help lists every option."""
    subcommands = []
    for word in arguments[: {"uv": 2, "pip": 1, "optuna": 1}.get(program, 0)]:
        if word.startswith(("-", "/", ".")):
            break
        subcommands.append(word)
    text = _help(program, *subcommands)
    missing = [
        word for word in arguments if word.startswith("--") and not re.search(rf"{word.partition('=')[0]}\b", text)
    ]
    return f"{program} {' '.join(subcommands)} has no {missing or 'such command'}" if missing or not text else None


def _compose_fault(arguments: list[str]) -> str | None:
    """Whether the services and profiles of a `docker compose` command are there, and what a service shall run."""
    services = compose()["services"]
    known = {"--profile": {"*"}, "--scale": set(services)}
    known["--profile"] |= {name for service in services.values() for name in service.get("profiles", [])}
    for option, value in pairwise(arguments):
        if option in known and value.partition("=")[0] not in known[option]:
            return f"compose.yaml has nothing called {value}"
    if not {"run", "cp"} & set(arguments):
        return None
    places = [place for place, word in enumerate(arguments) if word.partition(":")[0] in services]
    if not places:
        return "compose.yaml has no such service"
    own = arguments[places[0] + 1 :] if "run" in arguments else []
    return fault([*services[arguments[places[0]]].get("entrypoint", []), *own]) if own else None
