"""What a process of `ProcessExecutor` runs: it reads requests from the driver's channel, and answers there."""

from __future__ import annotations

import ctypes
import json
import os
import signal
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

from oracle.execution.messages import answers_to_json, requests_from_json
from oracle.execution.trainer import Trainer
from oracle.spec.files import parse_spec
from studies import Artifacts

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Train until the driver ends. Then end at once, even during a trial, with every process started here."""
    driver = _channel()
    _end_with_the_driver()
    received: SimpleQueue[str] = SimpleQueue()
    Thread(target=_listen, args=(driver, received), daemon=True).start()
    first = json.loads(received.get())
    trainer = Trainer(parse_spec(first["spec"], "from the driver"), Artifacts(first["artifacts"]), first["limit"])
    while True:
        answered = trainer.attempt(requests_from_json(received.get()))
        driver.send_bytes(answers_to_json(answered).encode())


def _channel() -> Connection:
    """Return the channel to the driver. It comes as standard input, which a workload finds empty from now on.

    No other process gets it: the driver must see its end when this process dies. And no lock guards it, as one guards
    `sys.stdin`: forked processes close that, and would wait for ever for the lock of a thread that reads it here.
    """
    channel = Connection(os.dup(0))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.register_at_fork(after_in_child=channel.close)
    return channel


def _end_with_the_driver() -> None:
    """Let the kernel end this process with the driver, even while a library holds the interpreter's lock.

    If memory runs out, the kernel is told to end this process rather than the driver.
    """
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def _listen(driver: Connection, received: SimpleQueue[str]) -> None:
    try:
        while True:
            received.put(driver.recv_bytes().decode())
    except (EOFError, OSError):
        os.killpg(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
