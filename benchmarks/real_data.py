"""Run short sweeps on real data: Fashion-MNIST with the MLP, CIFAR-10 with ResNet-20.

    python benchmarks/real_data.py [FOLDER]

It runs both sweeps in FOLDER (default: a temporary folder) with the `scyc` command, writes their reports there, and
keeps the tables in benchmarks/results/real-data.md. README.md says where the data sets are looked for ($SCYC_DATA). The
sweeps show that the workloads train and are reported correctly. They are far too short to say anything about the oracle
curve.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from oracle.study.provenance import provenance
from oracle.study.writing import write_text

SCYC = str(Path(sys.executable).with_name("scyc"))
RESULT = Path(__file__).parent / "results" / "real-data.md"
SWEEPS = {
    "fashion-mnist": [
        "workload=fashion-mnist/mlp-300-100",
        "levels=5",
        "seeds=[0, 1]",
        "epochs=2",
        "search.max_lr={low=0.01, high=0.16, count=5}",
    ],
    "cifar10": [
        "workload=cifar10/resnet-20",
        "levels=3",
        "seeds=[0]",
        "epochs=1",
        "batch_size=128",
        "search.max_lr.values=[0.05, 0.2]",
        "search.widen=0",
    ],
}


def run(name: str, settings: list[str], folder: Path) -> str:
    """Run one sweep and return its table."""
    started = time.monotonic()
    subprocess.run([SCYC, "sweep", "--name", name, *(f"--set={one}" for one in settings)], cwd=folder, check=True)
    seconds = time.monotonic() - started
    subprocess.run([SCYC, "report", name, "--out", f"{name}.html"], cwd=folder, check=True)
    shown = subprocess.run([SCYC, "show", name, "--json"], cwd=folder, check=True, capture_output=True, text=True)
    view = json.loads(shown.stdout)
    lines = [
        f"## {name}",
        "",
        f"`scyc sweep --name {name} {' '.join(f'--set {one!r}' for one in settings)}`: {view['cost']['trials']} trials "
        f"in {seconds:.0f} s, {view['cost']['compute_seconds'] / view['cost']['trials']:.1f} s each.",
        "",
        "| level | density | candidate | validation accuracy | test accuracy | winner |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for level in view["levels"]:
        lines += candidates(level)
    return "\n".join(lines)


def candidates(level: dict[str, Any]) -> list[str]:
    """Return a table row per candidate, with means over the seeds."""
    rows = []
    for max_lr in sorted({trial["max_lr"] for trial in level["trials"]}):
        trials = [trial for trial in level["trials"] if trial["max_lr"] == max_lr]
        val, test = (sum(trial[key] for trial in trials) / len(trials) for key in ("val", "test"))
        mark = "*" if max_lr == level["winner"] else ""
        rows.append(f"| {level['level']} | {level['density']:.2%} | {max_lr:g} | {val:.2%} | {test:.2%} | {mark} |")
    return rows


def main() -> None:
    """Run both sweeps, and keep their tables."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp(prefix="scyc-real-data-")).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    made = provenance()
    hardware, versions = made["hardware"], made["versions"]
    tables = [run(name, settings, folder) for name, settings in SWEEPS.items()]
    head = [
        "# Short sweeps on real data",
        "",
        f"Made by `python benchmarks/real_data.py` at commit {made['commit']} on {hardware['processor']}, "
        f"{hardware['cores']} cores, with torch {versions['torch']} and ray {versions['ray']}.",
    ]
    write_text("\n\n".join(["\n".join(head), *tables]) + "\n", RESULT)
    print(RESULT.read_text())


if __name__ == "__main__":
    main()
