"""What the library and the commands import before they say a word, and how long that takes."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest

import oracle

if TYPE_CHECKING:
    from pathlib import Path

HEAVY = ("torch", "ray", "optuna", "sqlalchemy", "plotly", "pandas")
TRAINS = ("torch", "ray", "optuna")
COMMAND = "import sys; sys.argv[1:] = {arguments!r}; from oracle.cli import main; main()"


def imported(script: str, folder: Path) -> set[str]:
    """Which of the heavy packages a script has imported by its end, however it ends."""
    report = f"""
        import atexit, json, sys
        atexit.register(lambda: print("\\n" + json.dumps([name for name in {HEAVY} if name in sys.modules])))
    """
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(report) + script],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=folder,
    )
    assert "Traceback" not in ended.stderr, ended.stderr
    return set(json.loads(ended.stdout.splitlines()[-1]))


def of_command(*arguments: str, folder: Path) -> set[str]:
    return imported(COMMAND.format(arguments=list(arguments)), folder)


def test_importing_the_library_imports_nothing_heavy(tmp_path: Path) -> None:
    assert imported("import oracle; dir(oracle); oracle.Spec; oracle.ExecutionOptions", tmp_path) == set()


def test_every_name_of_the_library_is_there() -> None:
    assert set(oracle.__all__) <= set(dir(oracle))
    for name in oracle.__all__:
        assert getattr(oracle, name).__module__.startswith(("oracle.", "studies.", "scyc."))
    with pytest.raises(AttributeError, match="No oracle attribute swep"):
        oracle.swep  # type: ignore[attr-defined]  # noqa: B018


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("--version",),
        ("sweep", "--help"),
        ("studies", "--help"),
        ("compare", "--help"),
        ("sweep", "--no-such-option"),
        ("no-such-command",),
        ("run",),
        ("compare", "demo", "--rule", "nonsense"),
        ("--show-completion", "bash"),
    ],
    ids=" ".join,
)
def test_help_and_wrong_usage_import_nothing_heavy(arguments: tuple[str, ...], tmp_path: Path) -> None:
    assert of_command(*arguments, folder=tmp_path) == set()


def test_completion_imports_nothing_heavy(tmp_path: Path) -> None:
    script = f"""
import os
os.environ |= {{"_SCYC_COMPLETE": "complete_bash", "COMP_WORDS": "scyc stud", "COMP_CWORD": "1"}}
{COMMAND.format(arguments=[])}
"""
    assert imported(script, tmp_path) == set()


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", "small"),
        ("studies", "list"),
        ("watch", "small"),
        ("report", "small"),
        ("presets", "list"),
        ("presets", "show", "s-cyc-resnet-20"),
        ("compare", "small"),
        ("studies", "export", "small", "--out", "exported"),
        ("serve", "--port", "99999"),
        ("spec",),
    ],
    ids=" ".join,
)
@pytest.mark.slow
def test_commands_that_look_import_nothing_that_trains(
    arguments: tuple[str, ...], finished: Path, tmp_path: Path
) -> None:
    database = ("--db", f"sqlite:///{finished}") if arguments[0] not in ("presets", "spec") else ()
    assert not of_command(*arguments, *database, folder=tmp_path) & set(TRAINS)


@pytest.mark.slow
def test_the_pages_import_nothing_that_trains(finished: Path, tmp_path: Path) -> None:
    script = f"""
import asyncio
from oracle.web import application
from studies import Store

async def status(page):
    found = []
    async def send(message):
        found.append(message.get("status"))
    bodies = [{{"type": "http.request"}}]
    async def receive():
        return bodies.pop() if bodies else await asyncio.Future()
    headers = [(b"host", b"localhost")]
    scope = {{"type": "http", "method": "GET", "path": page, "query_string": b"schedule=s-cyc:q=2", "headers": headers}}
    await served(scope, receive, send)
    return found[0]

with Store.open("sqlite:///{finished}", read_only=True) as store:
    served = application(store)
    pages = ["/", "/study/small", "/report/small", "/login", "/launch", "/health", "/static/plotly.min.js"]
    parts = ["", "/curve", "/surface", "/trials", "/trials/1", "/schedules", "/verdict", "/spec", "/export"]
    for page in [*pages, "/api/v1/studies", *(f"/api/v1/studies/1{{part}}" for part in parts)]:
        assert asyncio.run(status(page)) == 200, page
"""
    assert not imported(script, tmp_path) & set(TRAINS)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of a finished study."""
    from tests.oracle.simulation import Laboratory, small_spec

    path = tmp_path_factory.mktemp("finished") / "scyc.db"
    with Laboratory(small_spec(), url=f"sqlite:///{path}", name="small") as lab:
        lab.finish()
    return path


def processor_seconds(script: str) -> float:
    """The processor time of a script in a fresh interpreter: the least of three runs."""
    taken = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", script], stdout=subprocess.DEVNULL, check=True, timeout=120)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(taken)


@pytest.mark.slow
def test_the_first_word_takes_a_fifth_of_importing_pytorch_at_most() -> None:
    pytorch = processor_seconds("import torch")
    assert processor_seconds("import oracle") < pytorch / 5
    assert processor_seconds(COMMAND.format(arguments=["--help"])) < pytorch / 5
