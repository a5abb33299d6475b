"""Kill the driver, workers, launchers and ranks of a sweep whose trials are commands, at random moments.

    python -m benchmarks.command_kills --kills 30 --out benchmarks/results/kills-command.md

Each trial is a launcher that starts two ranks, as torchrun does. The study must come to what an undisturbed one does,
and nothing may be left running.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from random import Random

import psutil

from oracle.study.provenance import provenance
from oracle.study.writing import write_text
from tests.oracle.kills import NAME, facts_of

RANKS = """
import json, math, os, random, subprocess, sys, time
import oracle

def train(trial, rank):
    before = json.loads((trial.parent / "weights" / "a.json").read_text()) if trial.parent else 0.0
    assert not trial.parent or json.loads((trial.parent / "weights" / "b.json").read_text()) == before
    draws = random.Random(1000 * trial.level + trial.seed)
    val = 0.8 - 0.1 * (math.log(trial.max_lr) - math.log(0.2) - 0.3 * trial.level) ** 2 + 0.01 * draws.random()
    if rank:
        time.sleep(0.5)
        return
    (trial.out / "weights").mkdir()
    for step in range(4):
        time.sleep(0.1)
        trial.report(val=val * (step + 1) / 4, step=step)
        if step == 1:
            (trial.out / "weights" / "a.json").write_text(json.dumps(before + trial.max_lr))
    (trial.out / "weights" / "b.json").write_text(json.dumps(before + trial.max_lr))
    trial.finish(val=val, test=val - 0.01)

if len(sys.argv) > 1:
    train(oracle.current_trial(), int(sys.argv[1]))
else:
    ranks = [subprocess.Popen([sys.executable, __file__, str(rank)], start_new_session=True) for rank in (0, 1)]
    codes = [rank.wait() for rank in ranks]
    sys.exit(1 if any(codes) else 0)
"""

SPEC = """\
levels = 3
seeds = [0, 1]
engine = "own"
[search]
widen = 0
[search.max_lr]
values = [0.1, 0.2, 0.4]
[trial]
command = "{python} {script}"
unit = "steps"
budget = 4
"""

SCYC = str(Path(sys.executable).with_name("scyc"))
ROLES = ("driver", "worker", "launcher", "rank")
OURS = "SCYC_KILLS"


class Sweep:
    """A sweep in a folder of its own, by the command that people type."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.url = folder, f"sqlite:///{folder}/scyc.db"
        (folder / "ranks.py").write_text(RANKS)
        (folder / "spec.toml").write_text(SPEC.format(python=sys.executable, script=folder / "ranks.py"))
        self.mark = f"{OURS}={folder}"

    def driver(self) -> subprocess.Popen[bytes]:
        """Start a driver, or the next one."""
        words = [SCYC, "sweep", "spec.toml", "--name", NAME, "--db", self.url, "--workers", "2", "--retries", "1000"]
        words += ["--executor", "processes", "--no-mirror"]
        variables = os.environ | {OURS: str(self.folder)}
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(words, cwd=self.folder, env=variables, stdout=log, stderr=log)

    def processes(self) -> dict[str, list[psutil.Process]]:
        """Return what runs for this sweep, by its role."""
        found: dict[str, list[psutil.Process]] = {role: [] for role in (*ROLES, "other")}
        for process in psutil.process_iter():
            try:
                if process.environ().get(OURS) == str(self.folder):
                    found[_role(process.cmdline())].append(process)
            except psutil.Error:
                continue
        return found


def _role(words: list[str]) -> str:
    if any(word.endswith("ranks.py") for word in words):
        if any("keeper" in word for word in words):
            return "other"
        return "rank" if words[-1] in ("0", "1") else "launcher"
    if "oracle.execution.child" in words:
        return "worker"
    return "driver" if "sweep" in words else "other"


def under_fire(sweep: Sweep, random: Random, kills: int) -> Counter[str]:
    """Bring a sweep to its end while killing processes of it; return how many, by their role."""
    killed: Counter[str] = Counter()
    driver = sweep.driver()
    while True:
        try:
            code = driver.wait(random.uniform(0.2, 2.5) if killed.total() < kills else 600)
        except subprocess.TimeoutExpired:
            assert killed.total() < kills, "The sweep does not end."
            role = random.choice(ROLES)
            there = sweep.processes()[role]
            if there:
                random.choice(there).kill()
                killed[role] += 1
            continue
        if code == 0:
            return killed
        assert code < 0, (sweep.folder / "log").read_text()[-3000:]
        driver = sweep.driver()


def left_over(sweep: Sweep) -> list[str]:
    """Return what still runs of a sweep that has ended, after a moment's grace."""
    deadline = time.monotonic() + 10
    while (found := [one for group in sweep.processes().values() for one in group]) and time.monotonic() < deadline:
        time.sleep(0.1)
    return [" ".join(one.cmdline()) for one in found]


def main() -> None:
    """Kill processes, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        calm = Sweep(Path(folder))
        assert under_fire(calm, Random(), 0).total() == 0
        reference = facts_of(calm.url)
    killed: Counter[str] = Counter()
    random, studies, differ, running = Random(options.seed), 0, 0, list[str]()
    while killed.total() < options.kills:
        with tempfile.TemporaryDirectory() as folder:
            sweep = Sweep(Path(folder))
            killed += under_fire(sweep, random, min(15, options.kills - killed.total()))
            running += left_over(sweep)
            differ += facts_of(sweep.url) != reference
            studies += 1
            print(f"{killed.total()} kills, {differ} studies differ, {len(running)} processes left", flush=True)
    machine = provenance()
    text = "\n".join(
        [
            "# Processes of commands killed at random moments",
            "",
            f"`python -m benchmarks.command_kills --kills {options.kills} --seed {options.seed}` at "
            f"{(machine['commit'] or 'no commit')[:12]}, on {machine['hardware']['processor']}, "
            f"{machine['hardware']['cores']} cores. Each study has 3 levels, 2 seeds and 3 candidates; each trial is a "
            "launcher with two ranks, and two trials run at a time. What is killed, by SIGKILL, is drawn at random.",
            "",
            "| studies | kills | of drivers | workers | launchers | ranks | studies that differ | left running |",
            "| --- | --- | --- | --- | --- | --- | --- | --- |",
            f"| {studies} | {killed.total()} | {' | '.join(str(killed[role]) for role in ROLES)} | {differ} | "
            f"{len(running)} |",
            "",
        ]
    )
    print(text)
    if options.out:
        write_text(text, options.out)
    if differ or running:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
