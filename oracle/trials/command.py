"""A command that trains one trial, in processes of its own; none of them outlives the training or who started it."""

from __future__ import annotations

import os
import secrets
import shlex
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from oracle.trials import keeper
from scyc.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

GIVEN_PYTHONPATH = "SCYC_GIVEN_PYTHONPATH"
"""In the environment of a worker, the $PYTHONPATH that the user had given: commands get it back."""

MARK = "SCYC_COMMAND"
"""In the environment of a command's processes, a random word by which they are told from all others."""

_MARK = 32  # characters of it

TAIL = 4000
"""Bytes of the end of a command's output that a failure repeats."""


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code, which of a signal is negative, and the end of its output."""

    code: int
    output: str


def words(command: str) -> list[str]:
    """Return a command as a list of words, as a shell reads it; nothing in it is expanded.

    Raises:
        InputError: a quote is not closed, or there are no words.
    """
    try:
        found = shlex.split(command)
    except ValueError as error:
        raise InputError(f"The command {command!r} cannot be read ({error}); close every quote.") from error
    if not found:
        raise InputError("The command is empty; give the words that start your training.")
    return found


def check_command(command: str) -> None:
    """Check that this machine has the program of a command.

    Raises:
        InputError: it has not, or the command cannot be read.
    """
    program = words(command)[0]
    if shutil.which(program) is None:
        raise InputError(
            f"The command {command!r} cannot be started: there is no program {program!r} that can be run, seen from "
            f"{Path.cwd()}; give its path, or put its folder on PATH."
        )


def run(command: str, variables: Mapping[str, str], output: Path) -> Ended:
    """Run a command in the working folder until it ends, and end whatever it has left running.

    Args:
        command: it is started without a shell.
        variables: of its environment, beside those of this process.
        output: file for what it prints.
    """
    mark = secrets.token_hex(_MARK // 2)
    with output.open("wb") as printed:
        keeping = subprocess.Popen(
            [sys.executable, "-I", "-S", keeper.__file__, *words(command)],
            stdin=subprocess.PIPE,
            stdout=printed,
            stderr=subprocess.STDOUT,
            env=_environment() | dict(variables) | {MARK: mark},
            start_new_session=True,  # who ends this process's group ends the command through its keeper
        )
    try:
        keeping.wait()
    finally:
        if keeping.returncode is None:  # this process is interrupted
            if keeping.stdin is not None:
                keeping.stdin.close()
            keeping.wait()
        if keeping.stdin is not None:
            keeping.stdin.close()
        if keeping.returncode is not None and keeping.returncode < 0:  # perhaps it was not the command that was killed
            _kill_below(mark)
    return Ended(keeping.returncode, _end_of(output))


def _environment() -> dict[str, str]:
    """Return the environment for a command, with the user's own $PYTHONPATH."""
    found = dict(os.environ)
    given = found.pop(GIVEN_PYTHONPATH, None)
    if given is not None:
        found.pop("PYTHONPATH", None)
        found |= {"PYTHONPATH": given} if given else {}
    return found


def _kill_below(mark: str) -> None:
    """Kill every process that has a command's own mark in its environment, until there is none.

    A mark is drawn for one command alone, and only its processes inherit it. Without one, nothing may be killed: every
    process of the machine would do.
    """
    if len(mark) < _MARK:
        raise ValueError("A command's processes cannot be told from others without its mark.")
    wanted = os.fsencode(f"{MARK}={mark}")
    while True:
        found = False
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):  # it is somebody else's, or gone
                if wanted in folder.joinpath("environ").read_bytes().split(b"\0"):
                    os.kill(int(folder.name), signal.SIGKILL)
                    found = True
        if not found:
            return
        time.sleep(keeper.PAUSE)


def _end_of(output: Path) -> str:
    with output.open("rb") as file:
        file.seek(max(0, output.stat().st_size - TAIL))
        return file.read().decode(errors="replace").strip()
