"""A command in a process of its own, which goes on when this process has ended."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

from oracle.execution.search_path import python_path
from oracle.trials.command import GIVEN_PYTHONPATH

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def start_detached(module: str, arguments: Sequence[str], log: Path, variables: Mapping[str, str]) -> None:
    """Start a module of the program in a session of its own, out of reach of this process's terminal and signals.

    Args:
        module: name of the module.
        arguments: of the command. Every user of the machine can see them, so they must hold no secret.
        log: file that takes what it prints; only this user can read it.
        variables: added to the environment.

    Raises:
        OSError: the process cannot be started, or the file cannot be written.
    """
    with open(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb") as output:  # noqa: PTH123
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", module, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=os.environ
            | {"PYTHONPATH": python_path(sys.path), GIVEN_PYTHONPATH: os.environ.get("PYTHONPATH", "")}
            | dict(variables),
        )
    threading.Thread(target=process.wait, daemon=True).start()  # so that it does not stay as a zombie
