"""What a process of `ProcessExecutor` runs: requests come in on standard input, answers go out on standard output."""

from __future__ import annotations

import json
import os
import sys

from oracle.messages import answer_to_json, request_from_dict
from oracle.spec_file import parse_spec
from oracle.worker import Worker
from studies import Artifacts


def main() -> None:
    """Train until standard input ends, as it does when the driver has died."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a workload prints is no answer
    first = json.loads(sys.stdin.readline())
    worker = Worker(parse_spec(first["spec"], "of the driver"), Artifacts(first["artifacts"]))
    for line in sys.stdin:
        answer = worker.attempt(request_from_dict(json.loads(line)))
        answers.write(answer_to_json(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
