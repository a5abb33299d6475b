"""A process of the program's own beside the driver: started and ended here, and the two ends of its channel."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, TypeVar

from oracle.execution.search_path import python_path
from oracle.trials.command import GIVEN_PYTHONPATH

if TYPE_CHECKING:
    from collections.abc import Iterable

STDERR = 2
GLANCE = 1.0  # seconds between two looks at whether the processes are alive

_PR_SET_PDEATHSIG = 1


class ChildProcess:
    """A process that runs a module, at the head of a process group.

    Args:
        module: name of the module. It gets its channel with `channel_to_driver`.
    """

    def __init__(self, module: str) -> None:
        self._channel, theirs = Pipe()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", module],  # -P: do not look for modules in the working folder first
                stdin=theirs.fileno(),
                stdout=STDERR,  # what a workload prints is no result of the driver's command
                process_group=0,  # Ctrl-C is for the driver, which ends its workers
                env=os.environ
                | {"PYTHONPATH": python_path(sys.path), GIVEN_PYTHONPATH: os.environ.get("PYTHONPATH", "")},
            )

    @property
    def alive(self) -> bool:
        """Whether the process has not ended. Its number stays its own until it is closed."""
        return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None

    def send(self, text: str) -> None:
        """Send a message; if the process has died, `receive` will tell."""
        with suppress(OSError):
            self._channel.send_bytes(text.encode())

    def receive(self) -> str | None:
        """Return the message of a process that has been heard of; None if it has died."""
        try:
            return self._channel.recv_bytes().decode() if self._channel.poll() else None
        except (EOFError, OSError):
            return None

    def end(self) -> int:
        """Close a process that has died. Return its exit code; that of a signal is negative."""
        given_up = monotonic() + GLANCE
        while self.alive and monotonic() < given_up:  # its channel may end a little before it does
            sleep(0.01)
        self.close()
        return self._process.returncode

    def close(self) -> None:
        """End the process, whatever it is doing, and everything that it has started."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.kill()  # in case it has left its group
            self._process.wait()
        self._channel.close()


_Child = TypeVar("_Child", bound=ChildProcess)


def heard_of(processes: Iterable[_Child]) -> list[_Child]:
    """Wait until a process says something or dies. Return those that have, at least one.

    The end of its channel tells of a death at once; but a process that a library has forked may hold it open.
    """
    processes = list(processes)
    while True:
        speaking = wait([process._channel for process in processes], timeout=GLANCE)
        found = [process for process in processes if process._channel in speaking or not process.alive]
        if found:
            return found


def channel_to_driver() -> Connection:
    """Return the channel of this process to its driver, with which it ends.

    The channel comes as standard input, which a workload finds empty from now on. No other process gets it: the driver
    must see its end when this process dies. And no lock guards it, as one guards `sys.stdin`: forked processes close
    that, and would wait for ever for the lock of a thread that reads it here.

    The kernel ends this process with the driver, even while a library holds the interpreter's lock. If memory runs out,
    the kernel is told to end this process rather than the driver.
    """
    channel = Connection(os.dup(0))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.register_at_fork(after_in_child=channel.close)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    return channel
