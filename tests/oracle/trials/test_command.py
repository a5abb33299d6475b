"""A command runs in processes of its own, and leaves none of them behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from oracle.trials.command import GIVEN_PYTHONPATH, TAIL, _kill_below, check_command, run, words
from scyc import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

RANKS = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
rank = [sys.executable, "-c", "import time; 'a rank'; time.sleep(1000)"]
ranks = [subprocess.Popen(rank, start_new_session=True) for _ in range(2)]  # as launchers start them
open("ready", "w").close()
if sys.argv[1] == "wait":
    sys.exit(ranks[0].wait() and 7)
if sys.argv[1] == "leave":
    sys.exit(5)
time.sleep(1000)
"""


@pytest.fixture
def word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A word in the environment of every process of this test's command."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ranks.py").write_text(RANKS)
    return f"{tmp_path}/trial.json"


def running(word: str, called: str = "") -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            mine = f"SCYC_TRIAL={word}".encode() in folder.joinpath("environ").read_bytes().split(b"\0")
            if mine and called.encode() in folder.joinpath("cmdline").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def once_ready(act: Callable[[], None]) -> Thread:
    def wait() -> None:
        given_up = time.monotonic() + 20
        while not Path("ready").exists() and time.monotonic() < given_up:
            time.sleep(0.01)
        act()

    thread = Thread(target=wait)
    thread.start()
    return thread


def python(*arguments: str) -> str:
    return " ".join([sys.executable, *arguments])


def test_its_output_and_its_exit_code_are_known(word: str) -> None:
    ended = run(python("-c", '"import sys; print(1); print(2, file=sys.stderr); sys.exit(3)"'), {}, Path("output"))
    assert ended.code == 3
    assert sorted(ended.output.split()) == ["1", "2"]


def test_of_a_long_output_the_end_is_kept(word: str) -> None:
    ended = run(python("-c", "\"print('a' * 10_000 + 'end')\""), {}, Path("output"))
    assert len(ended.output) <= TAIL
    assert ended.output.endswith("aend")


def test_a_signal_is_a_negative_exit_code(word: str) -> None:
    for number in (signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM):
        assert run(f"sh -c 'kill -{int(number)} $$'", {}, Path("output")).code == -number


def test_its_input_is_empty_and_its_environment_is_the_users(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "\"import os, sys; print(repr(sys.stdin.read()), os.environ['MINE'], os.environ.get('PYTHONPATH'))\""
    monkeypatch.setenv("PYTHONPATH", "/the/program's/own")
    monkeypatch.setenv(GIVEN_PYTHONPATH, "")
    assert run(python("-c", code), {"MINE": "x"}, Path("output")).output == "'' x None"
    monkeypatch.setenv(GIVEN_PYTHONPATH, "/theirs")
    assert run(python("-c", code), {"MINE": "x"}, Path("output")).output == "'' x /theirs"


@pytest.mark.parametrize(("mode", "code"), [("leave", 5)])
def test_what_it_leaves_running_is_ended(mode: str, code: int, word: str) -> None:
    assert run(python("ranks.py", mode), {"SCYC_TRIAL": word}, Path("output")).code == code
    assert running(word) == []


@pytest.mark.faults
@pytest.mark.parametrize(
    ("killed", "mode", "code"), [("keeper.py", "stay", -9), ("ranks.py", "stay", -9), ("a rank", "wait", 7)]
)
def test_whichever_of_its_processes_is_killed_none_is_left(killed: str, mode: str, code: int, word: str) -> None:
    def kill() -> None:
        os.kill(
            min(set(running(word, killed)) - ({*running(word, "keeper.py")} if killed != "keeper.py" else set())), 9
        )

    killer = once_ready(kill)
    assert run(python("ranks.py", mode), {"SCYC_TRIAL": word}, Path("output")).code == code
    killer.join()
    assert running(word) == []


@pytest.mark.faults
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_none_outlives_who_started_it(number: int, word: str) -> None:
    script = (
        "from oracle.trials.command import run; from pathlib import Path; "
        f"run({python('ranks.py', 'stay')!r}, {{'SCYC_TRIAL': {word!r}}}, Path('output'))"
    )
    starter = subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.DEVNULL)
    once_ready(lambda: os.kill(starter.pid, number)).join()
    starter.wait(20)
    given_up = time.monotonic() + 20
    while running(word) and time.monotonic() < given_up:
        time.sleep(0.01)
    assert running(word) == []


def test_a_command_is_read_as_a_shell_reads_it() -> None:
    assert words("torchrun --nproc-per-node=2 'my train.py'") == ["torchrun", "--nproc-per-node=2", "my train.py"]
    for wrong, said in [("python 'train.py", "close every quote"), ("  ", "is empty")]:
        with pytest.raises(InputError, match=said):
            words(wrong)


def test_a_program_that_is_not_there_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    check_command("sh train.sh")
    with pytest.raises(InputError, match="no program 'no-such-launcher'"):
        check_command("no-such-launcher train.py")
    assert run("no-such-launcher train.py", {}, tmp_path / "output").code == 127


def test_nothing_is_killed_without_a_mark() -> None:
    """Every process of the machine would have no mark in common with it."""
    for mark in ("", "short"):
        with pytest.raises(ValueError, match="without its mark"):
            _kill_below(mark)
