"""The command line, called in this process, and studies that it has swept."""

from __future__ import annotations

import signal
import sys
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from io import StringIO
from typing import TYPE_CHECKING

import pytest
import typer.main

from oracle.cli import main
from tests.oracle.copies import copy_study

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SMALL = """
levels = 3
seeds = [0, 1]
epochs = 1
[search]
max_lr = { values = [0.05, 0.2, 0.8] }
widen = 0
"""


@dataclass
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


@contextmanager
def working_in(folder: Path) -> Iterator[pytest.MonkeyPatch]:
    """Let commands run in a folder, and find no database but the one there."""
    handler = signal.getsignal(signal.SIGTERM)
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        patched.delenv("SCYC_DB", raising=False)
        patched.setattr("oracle.driver.engine_choice.choose", lambda *_: "eager")  # it takes large networks a minute
        yield patched
    signal.signal(signal.SIGTERM, handler)


def call(patched: pytest.MonkeyPatch, *arguments: str) -> int:
    """Run `scyc` with these arguments; return its exit code."""
    patched.setattr(sys, "argv", ["scyc", *arguments])
    with pytest.raises(SystemExit) as exit_:
        main()
    code = exit_.value.code
    assert isinstance(code, int)
    return code


@pytest.fixture(scope="package", autouse=True)
def _built_once() -> Iterator[None]:
    """Build the command line from its functions once: it takes longer than what many commands do."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(typer.main, "get_command", cache(typer.main.get_command))
        yield


@pytest.fixture
def scyc(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., Ended]]:
    """Run `scyc` with these arguments in an empty folder."""
    with working_in(tmp_path) as patched:
        yield lambda *arguments: Ended(call(patched, *arguments), *capsys.readouterr())


@pytest.fixture(scope="session")
def sweep_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], tuple[Path, Ended]]:
    """Sweep a spec in a file of this name, unless it was swept already; return the folder, and how it ended."""

    @cache
    def sweep(name: str, spec: str) -> tuple[Path, Ended]:
        folder = tmp_path_factory.mktemp(name)
        (folder / f"{name}.toml").write_text(spec)
        out, err = StringIO(), StringIO()
        with working_in(folder) as patched, redirect_stdout(out), redirect_stderr(err):
            code = call(patched, "sweep", f"{name}.toml", "--executor", "inline")
        return folder, Ended(code, out.getvalue(), err.getvalue())

    return sweep


@pytest.fixture
def finish(sweep_once: Callable[[str, str], tuple[Path, Ended]], tmp_path: Path) -> Callable[[str, str], Ended]:
    """Put the study of a spec, finished, into the working folder; return how its sweep ended."""

    def finish(name: str, spec: str) -> Ended:
        folder, ended = sweep_once(name, spec)
        copy_study(folder, tmp_path)
        return ended

    return finish


@pytest.fixture
def swept(finish: Callable[[str, str], Ended], scyc: Callable[..., Ended]) -> None:
    """A finished study of three levels named `demo`."""
    assert finish("demo", SMALL).code == 0
