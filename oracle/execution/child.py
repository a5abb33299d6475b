"""What a process of `ProcessExecutor` runs: it reads requests from standard input, and answers on standard output."""

from __future__ import annotations

import json
import os
import sys
from queue import SimpleQueue
from threading import Thread

from oracle.execution.messages import answers_to_json, requests_from_json
from oracle.execution.trainer import Trainer
from oracle.spec.files import parse_spec
from studies import Artifacts


def main() -> None:
    """Train until standard input ends, as it does when the driver dies. Then stop at once, even during a trial."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a workload prints must not look like an answer
    lines: SimpleQueue[str] = SimpleQueue()
    Thread(target=_listen, args=(lines,), daemon=True).start()
    first = json.loads(lines.get())
    trainer = Trainer(parse_spec(first["spec"], "from the driver"), Artifacts(first["artifacts"]), first["limit"])
    while True:
        answered = trainer.attempt(requests_from_json(lines.get()))
        answers.write(answers_to_json(answered) + "\n")
        answers.flush()


def _listen(lines: SimpleQueue[str]) -> None:
    for line in sys.stdin:
        lines.put(line)
    os._exit(0)


if __name__ == "__main__":
    main()
