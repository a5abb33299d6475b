"""A user's own code runs inside the command, which keeps its standard output, its exit code and its folder."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.oracle.cli.conftest import Ended, call, working_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SOURCE = """
import argparse, os, subprocess, sys, warnings
from dataclasses import replace
from scyc.models import mlp
from scyc.workloads import load_workload

def act(where):
    if where == {where!r}:
        {code}

act("import")
base = load_workload("mnist1d/mlp-300-100")

def build():
    act("build")
    return mlp(hidden=(20,))

def load():
    act("load")
    return base.load_data()

mine = replace(base, name="mine", build_model=build, load_data=load)
"""
SWEEP = ("sweep", "--name", "s", "--executor", "inline", "--no-mirror", "--set=levels=1", "--set=seeds=[0]")
SHORT = ("--set=epochs=1", "--set=search.max_lr.values=[0.1]", "--set=search.widen=0")


@pytest.fixture
def sweep(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Iterator[Callable[..., Ended]]:
    """Sweep a workload that does something when it is imported, built or loaded."""
    with working_in(tmp_path) as patched:
        patched.syspath_prepend(str(tmp_path))

        def ended(name: str, where: str, code: str, *arguments: str) -> Ended:
            (tmp_path / f"{name}.py").write_text(SOURCE.format(where=where, code=code))
            code_ = call(patched, *SWEEP, *SHORT, f"--set=workload={name}:mine", *arguments)
            return Ended(code_, *capfd.readouterr())

        yield ended


@pytest.mark.parametrize(
    ("name", "where", "code"),
    [
        ("prints_1", "import", "print('loading ...')"),
        ("prints_2", "load", "os.write(1, b'raw')"),
        ("prints_3", "build", "subprocess.run(['echo', 'from a process'])"),
    ],
)
def test_with_json_standard_output_is_one_document(
    name: str, where: str, code: str, sweep: Callable[..., Ended]
) -> None:
    ended = sweep(name, where, code, "--json")
    assert ended.code == 0, ended.err
    assert json.loads(ended.out)["state"] == "finished"
    assert any(word in ended.err for word in ("loading ...", "raw", "from a process"))


@pytest.mark.parametrize(
    ("name", "where", "code"),
    [
        ("ends_1", "import", "sys.exit(0)"),
        ("ends_2", "import", "argparse.ArgumentParser().parse_args()"),
        ("ends_3", "load", "sys.exit(0)"),
        ("ends_4", "build", "raise SystemExit"),
    ],
)
def test_the_end_of_the_process_is_a_sentence(name: str, where: str, code: str, sweep: Callable[..., Ended]) -> None:
    ended = sweep(name, where, code)
    assert ended.code == 2
    last = ended.err.splitlines()[-1]
    assert f"'{name}" in last
    assert "SystemExit" in last


@pytest.mark.parametrize(
    ("name", "where", "code"),
    [
        ("moves_1", "import", "os.chdir('/')"),
        ("moves_2", "load", "os.chdir('/'); warnings.simplefilter('error')"),
        ("moves_3", "build", "os.chdir('..')"),
    ],
)
def test_the_database_is_in_the_folder_of_the_command(
    name: str, where: str, code: str, sweep: Callable[..., Ended], tmp_path: Path
) -> None:
    assert sweep(name, where, code).code == 0
    assert (tmp_path / "scyc.db").exists()
