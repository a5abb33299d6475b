"""Make a full oracle curve with one command: ResNet-20 on CIFAR-10, 12 candidates, 12 levels, 3 seeds, on one GPU.

    python -m benchmarks.gpu_curve [--minutes 10] [--set KEY=VALUE ...]

It runs `scyc sweep examples/gpu-resnet-20.toml`, writes the report and exports the study. Report, export and a table
with the time are kept in benchmarks/results/gpu-curve/. You can override fields of the spec, for example on a machine
without a GPU: `--set resources.gpus_per_trial=0`. Then say with `--out FOLDER` where to keep everything.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from oracle.study.provenance import provenance
from oracle.study.writing import write_text

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parent.parent
KEPT = Path(__file__).parent / "results" / "gpu-curve"
SCYC = str(Path(sys.executable).with_name("scyc"))


def main(arguments: Sequence[str] | None = None) -> None:
    """Sweep, export, report, and say how long it took."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu_curve")
    parser.add_argument("--minutes", type=float, default=10.0, help="how long the sweep may take")
    parser.add_argument("--set", action="append", default=[], dest="overrides", metavar="KEY=VALUE")
    parser.add_argument("--out", type=Path, default=None, help="folder to keep everything in")
    options = parser.parse_args(arguments)
    out = options.out or KEPT
    if options.overrides and options.out is None:
        parser.error("the curve of another spec does not go to benchmarks/results; give a folder with --out")
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        database = ["--db", f"sqlite:///{name}/gpu-curve.db"]
        sets = [f"--set={override}" for override in options.overrides]
        started = time.monotonic()
        spec = ROOT / "examples" / "gpu-resnet-20.toml"
        executor = ["--executor", "inline"]  # one GPU needs no other process
        scyc("sweep", str(spec), "--name", "gpu-curve", *database, *executor, *sets)
        minutes = (time.monotonic() - started) / 60
        scyc("report", "gpu-curve", *database, "--out", str(out / "report.html"))
        scyc("studies", "export", "gpu-curve", *database, "--out", str(out / "study"))
        shown = json.loads(scyc("show", "gpu-curve", *database, "--json"))
    made = provenance()
    where = ", ".join(made["hardware"]["gpus"]) or made["hardware"]["processor"]
    lines = [
        "# An oracle curve on one GPU",
        "",
        f"`python -m benchmarks.gpu_curve` at {made['commit'] or 'no commit'} on {where}; torch "
        f"{made['versions']['torch']}: {minutes:.1f} minutes, of {options.minutes:g} allowed. "
        "Beside this file are report.html and the export, study/.",
        "",
        "| level | density | best max_lr | validation | trials |",
        "| --- | --- | --- | --- | --- |",
        *(
            f"| {level['level']} | {level['density']:.2%} | {level['winner']:.3g} | "
            f"{winner_accuracy(level):.2%} | {len(level['trials'])} |"
            for level in shown["levels"]
        ),
    ]
    print("\n".join(lines))
    write_text("\n".join(lines) + "\n", out / "README.md")


def winner_accuracy(level: dict[str, object]) -> float:
    """Return the winner's mean validation accuracy at one level of `scyc show --json`."""
    trials = level["trials"]
    assert isinstance(trials, list)
    found = [trial["val_accuracy"] for trial in trials if trial["max_lr"] == level["winner"]]
    return float(sum(found) / len(found))


def scyc(*arguments: str) -> str:
    """Run a command and return what it prints."""
    return subprocess.run([SCYC, *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    main()
