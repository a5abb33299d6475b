"""A user's own modules in the working folder: found by every executor, and never taken for the program's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from oracle.execution import search_path
from oracle.execution.search_path import HOME, folders_of_the_user, python_path

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow

SCYC = [sys.executable, "-P", "-c", "from oracle.cli import main; main()"]  # as the installed script starts it
DECOYS = ["oracle/__init__.py", "studies.py", "scyc.py", "random.py", "queue.py", "token.py"]
WORKLOAD = """
    import os, sys
    from dataclasses import replace
    from scyc.workloads import load_workload

    print("This is no JSON,")
    os.write(1, b"and this is none either.")
    sys.stdout.close()

    base = load_workload("mnist1d/mlp-300-100")

    def build():
        from my_network import network
        return network()

    mine = replace(base, name="mine", build_model=build)
"""
NETWORK = """
    import os, sys
    from pathlib import Path
    from scyc.models import mlp

    mine, pythons = (str(Path(file).parent) for file in (__file__, os.__file__))
    assert sys.path.index(mine) > sys.path.index(pythons)

    def network():
        return mlp(hidden=(20,))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder with a workload, and with modules that are called like some of the program's and Python's."""
    folder = tmp_path_factory.mktemp("working")
    for name in DECOYS:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(f"raise ImportError('{name} is the user\\'s own')")
    (folder / "my_workload.py").write_text(textwrap.dedent(WORKLOAD))
    (folder / "my_network.py").write_text(textwrap.dedent(NETWORK))
    return folder


@pytest.mark.parametrize("executor", ["inline", "processes", pytest.param("tune", marks=pytest.mark.ray)])
def test_what_lies_in_the_working_folder_hides_nothing_and_is_found(executor: str, folder: Path) -> None:
    settings = ["workload=my_workload:mine", "levels=1", "seeds=[0]", "epochs=1", "search.max_lr.values=[0.1]"]
    command = [
        *SCYC,
        "sweep",
        "--name",
        executor,
        "--executor",
        executor,
        "--json",
        *(f"--set={one}" for one in settings),
    ]
    ended = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env=os.environ | {"OMP_NUM_THREADS": "1"}
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert [level["winner"] for level in json.loads(ended.stdout)["levels"]] == [0.1]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A working folder, with nothing on $PYTHONPATH."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    before = list(sys.path)
    yield str(tmp_path)
    sys.path[:] = before


def test_the_working_folder_is_handed_on_by_nobody_but_the_user(here: str, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = ["", "/a", here, "/b", "/a", "."]
    assert python_path(entries) == os.pathsep.join(["/a", "/b"])
    monkeypatch.setenv("PYTHONPATH", f":/a:{here}")
    assert search_path.given() == ["/a", here]
    assert python_path(["/a", here, "/b"]) == os.pathsep.join(["/a", here, "/b"])
    monkeypatch.setenv("PYTHONPATH", ":/a")  # an empty entry is nobody's wish
    assert python_path(["", "/a"]) == "/a"


def test_the_program_is_found_where_it_is_the_working_folder(here: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HOME)
    assert python_path(["", "/a"]) == os.pathsep.join([str(HOME), "/a"])


def test_a_users_folders_come_last(here: str, monkeypatch: pytest.MonkeyPatch) -> None:
    script = Path(here) / "scripts" / "mine.py"
    monkeypatch.setattr(sys, "argv", [str(script)])
    assert folders_of_the_user() == [here]
    monkeypatch.syspath_prepend(str(script.parent))
    assert folders_of_the_user() == [str(script.parent), here]
    search_path.append(["/last", here, "/last"])
    assert sys.path[-2:] == ["/last", here]
