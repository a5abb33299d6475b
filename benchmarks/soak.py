"""Sweep again and again on a cluster with random faults, and compare each study with an undisturbed one.

    python -m benchmarks.soak --minutes 10 --out benchmarks/results/soak.md

It must run as root, because it makes network namespaces.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
import uuid
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

os.environ.setdefault("RAY_AUTH_MODE", "token")
os.environ.setdefault("RAY_AUTH_TOKEN", uuid.uuid4().hex)

from oracle.study.provenance import provenance
from oracle.study.writing import write_text
from tests.oracle.execution.cluster import Cluster, permitted
from tests.oracle.kills import SPEC, Study, undisturbed
from tests.studies.server import Server

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerProcess
    from typing import Any

LONGER: dict[str, Any] = SPEC | {"epochs": 16}
BETWEEN = (1, 4)  # trials recorded between two faults, so that a study makes progress however slow the machine is
AWAY = (2.0, 20.0)  # seconds that a node is cut off or frozen; Ray gives it up after about ten

FAULTS = (
    "kill worker",
    "kill node",
    "end node",
    "cut node off",
    "freeze node",
    "restart database",
    "kill driver",
    "restart head",
)


class Fire:
    """Lets faults happen to one study's cluster, database and drivers."""

    def __init__(self, study: Study, cluster: Cluster, server: Server, random: Random, counts: Counter[str]) -> None:
        self.study, self.cluster, self.server = study, cluster, server
        self.random, self.counts = random, counts
        self.driver = self._drive()

    def burn(self) -> None:
        """Let faults happen until the study is finished.

        Raises:
            AssertionError: a recorded trial was trained again.
        """
        while True:
            self._wait()
            if self.driver.exitcode == 0:
                self._check()
                return
            if self.driver.exitcode is not None:
                self.counts["driver gave up"] += 1
                self._again()
                continue
            rarest = min(self.counts[fault] for fault in FAULTS)  # each gets its turn, in random order
            fault = self.random.choice([fault for fault in FAULTS if self.counts[fault] == rarest])
            self.counts[fault] += 1
            self._befall(fault)

    def _wait(self) -> None:
        wanted = len(self.study.complete()) + self.random.randint(*BETWEEN)
        while self.driver.exitcode is None and len(self.study.complete()) < wanted:
            self.driver.join(0.2)
        self.driver.join(self.random.uniform(0, 1))  # so that the fault falls into the middle of a trial

    def _befall(self, fault: str) -> None:
        node = self.random.choice(self.cluster.nodes)
        match fault:
            case "kill worker":
                node.kill_workers()
            case "kill node":
                node.kill()
            case "end node":
                node.terminate()
            case "cut node off":
                node.cut_off()
                time.sleep(self.random.uniform(*AWAY))
                node.mend()
            case "freeze node":
                node.freeze()
                time.sleep(self.random.uniform(*AWAY))
                node.thaw()
            case "restart database":
                self.server.stop()
                self.server.start()
            case "restart head":
                self.cluster.restart_head()
            case "kill driver":
                self.driver.kill()
                self.driver.join()
                self._again()

    def _drive(self) -> ForkServerProcess:
        self.recorded, self.begun = self.study.complete(), len(self.study.handed_out())
        return self.study.driver(ray_address=self.cluster.address)

    def _again(self) -> None:
        self._check()
        self.driver = self._drive()

    def _check(self) -> None:
        again = self.recorded & set(self.study.handed_out()[self.begun :])
        assert not again, f"Trials {again} were trained again although they were recorded."


def main() -> None:
    """Sweep with faults until the time is over, and print the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    if not permitted():
        raise SystemExit("Network namespaces cannot be made here; that needs root and the command `ip`.")
    random, counts, server = Random(options.seed), Counter[str](), Server()
    studies = trials = differ = 0
    ends = time.monotonic() + 60 * options.minutes
    with tempfile.TemporaryDirectory() as calm:
        reference, _ = undisturbed(Path(calm), LONGER)
    try:
        with Cluster(nodes=2) as cluster:
            while time.monotonic() < ends:
                with tempfile.TemporaryDirectory() as folder:
                    study = Study(server.empty(), Path(folder), LONGER)
                    Fire(study, cluster, server, random, counts).burn()
                    same = study.facts() == reference
                    studies, trials, differ = studies + 1, trials + len(study.complete()), differ + (not same)
                    print(f"{studies} studies, {trials} trials, {differ} differ, {dict(counts)}", flush=True)
    finally:
        server.close()
    text = report(options.minutes, options.seed, studies, trials, differ, counts)
    print(text)
    if options.out:
        write_text(text, options.out)
    if differ:
        raise SystemExit(1)


def report(minutes: float, seed: int, studies: int, trials: int, differ: int, counts: Counter[str]) -> str:
    """Return the result as Markdown."""
    machine = provenance()
    lines = [
        "# A cluster with random faults",
        "",
        f"`python -m benchmarks.soak --minutes {minutes:g} --seed {seed}` at {(machine['commit'] or 'none')[:12]}, "
        f"on {machine['hardware']['processor']}, {machine['hardware']['cores']} cores, with Ray {version('ray')} and "
        f"PyTorch {version('torch')}. Two nodes in network namespaces of their own, a head without processors, "
        "PostgreSQL. There is a fault after every one to four recorded trials. If a recorded trial were trained again, "
        "the command would end with an error.",
        "",
        f"{studies} studies with {trials} trials; **{differ} differ** from the undisturbed one.",
        "",
        "| fault | how often |",
        "| --- | --- |",
        *(f"| {fault} | {number} |" for fault, number in sorted(counts.items())),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
