"""What a process of `ProcessExecutor` runs: it reads requests from the driver's channel, and answers there."""

from __future__ import annotations

import json
import os
import signal
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING

from oracle.execution.child_process import channel_to_driver
from oracle.execution.messages import answers_to_json, requests_from_json
from oracle.execution.pickled import receive
from oracle.execution.trainer import Trainer
from oracle.spec.files import parse_spec
from studies import Artifacts

if TYPE_CHECKING:
    from multiprocessing.connection import Connection


def main() -> None:
    """Train until the driver ends. Then end at once, even during a trial, with every process started here."""
    driver = channel_to_driver()
    received: SimpleQueue[str] = SimpleQueue()
    Thread(target=_listen, args=(driver, received), daemon=True).start()
    first = json.loads(received.get())
    spec = parse_spec(first["spec"], "from the driver")
    receive(spec, first["training"])
    trainer = Trainer(spec, Artifacts(first["artifacts"]), first["limit"])
    while True:
        answered = trainer.attempt(requests_from_json(received.get()))
        driver.send_bytes(answers_to_json(answered).encode())


def _listen(driver: Connection, received: SimpleQueue[str]) -> None:
    try:
        while True:
            received.put(driver.recv_bytes().decode())
    except (EOFError, OSError):
        os.killpg(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
