"""Run the whole chain on one study: sweep, schedules trained on fresh seeds, comparison.

    python -m benchmarks.race [mnist1d | fashion-mnist] [FOLDER]

It runs the `scyc` commands in FOLDER (default: a temporary folder), leaves the report there, and keeps the verdicts in
benchmarks/results/race-NAME.md. If you start an interrupted chain again in the same folder, it resumes.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from oracle.study.opening import ORACLE
from oracle.study.provenance import provenance
from oracle.study.writing import write_text
from studies import Store

SCYC = str(Path(sys.executable).with_name("scyc"))
ROOT = Path(__file__).parent.parent
FRESH = range(100, 112)
COMMON = ("smooth", "fitted", "s-cyc", "constant", "linear")
SCHEDULES = {"mnist1d": (*COMMON, "exponential", "inverse-density", "range-test"), "fashion-mnist": COMMON}
SPECS = {"mnist1d": [], "fashion-mnist": [str(ROOT / "examples" / "fashion-mnist.toml")]}


def chain(name: str, folder: Path) -> None:
    """Run the commands."""
    seeds = [part for seed in FRESH for part in ("--seed", str(seed))]
    schedules = [part for schedule in SCHEDULES[name] for part in ("--schedule", schedule)]
    for command in (
        ["sweep", *SPECS[name], "--name", name],
        ["run", name, *seeds, *schedules],
        ["compare", name, "--out", "comparison"],
    ):
        subprocess.run([SCYC, *command], cwd=folder, check=True)


def times(name: str, folder: Path) -> list[str]:
    """Return a table row per run, with the time that all its drivers took; runs of schedules are trained together."""
    with Store.open(f"sqlite:///{folder}/scyc.db", read_only=True) as store:
        runs = store.runs(store.study(name).id)
    return [f"| {run.name if run.name != ORACLE else 'search'} | {run.wall_seconds:.0f} s |" for run in runs]


def verdicts(values: dict[str, Any]) -> list[str]:
    """Return a table row per schedule."""
    rows = []
    for name in dict.fromkeys([*values["schedules"], *values["runs"]]):
        surface, run = values["schedules"].get(name), values["runs"].get(name)
        model = surface["model"] if surface else None
        hits = f"{surface['hits']} of {surface['judged']}" if surface else "-"
        near = f"{model['hits']:.1f} of {model['levels']}" if model else "-"
        lost = "-"
        if model:
            mean, low, high = (_points(model["regret"][key]) for key in ("mean", "low", "high"))
            lost = f"{mean} ({low} to {high})"
        loss = "-"
        if surface:
            raw = _points(surface["mean_raw_regret"])
            loss = f"{_points(surface['mean_regret'])} ({raw})" + "*" * bool(surface["unknown"])
        regret = run["regret"] if run else None
        measured = _points(regret["mean"]) if regret else "-"
        if regret and regret["low"] is not None:
            measured += f" ({_points(regret['low'])} to {_points(regret['high'])})"
            measured += " †" * (regret["p_together"] is not None and regret["p_together"] < 0.05)
        epochs = f"{run['epochs']:,.0f}" if run else "-"
        rows.append(f"| {name} | {hits} | {near} | {loss} | {lost} | {measured} | {epochs} |")
    return rows


def _points(fraction: float | None) -> str:
    return "-" if fraction is None else f"{100 * fraction:.2f}"


def main() -> None:
    """Run the chain named on the command line."""
    name = sys.argv[1] if len(sys.argv) > 1 else "mnist1d"
    folder = Path(sys.argv[2] if len(sys.argv) > 2 else tempfile.mkdtemp(prefix="scyc-race-")).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    chain(name, folder)
    values = json.loads((folder / "comparison" / "comparison.json").read_text(encoding="utf-8"))
    made = provenance()
    hardware, versions = made["hardware"], made["versions"]
    lines = [
        f"# Schedules against the oracle: {name}",
        "",
        f"Made by `python -m benchmarks.race {name}` at commit {made['commit']} on {hardware['processor']}, "
        f"{hardware['cores']} cores, with torch {versions['torch']} and ray {versions['ray']}.",
        "",
        "| run | wall time |",
        "| --- | --- |",
        *times(name, folder),
        "",
        "Regrets are points of accuracy, means over the levels. On the surface: test accuracy, each seed judged by the "
        "winner that the other seeds choose (in brackets validation accuracy, on the seeds that chose); every level "
        "starts from the oracle's own winner; * marks a mean over only those levels where it is known. By the model: "
        "validation accuracy against the best max_lr on the smooth surface, with a 90 % band. In training: "
        f"test accuracy, trained through all levels on {len(values['runs']['oracle']['seeds'])} fresh seeds, paired "
        "with the oracle's curve on the same seeds, with a 95 % interval, each taken alone; † marks those "
        "that are a difference also when all are judged together. The search took "
        f"{values['search_epochs']:,} epochs per seed.",
        "",
        "| schedule | levels in the interval | as good, expected | surface regret | by the model | regret in training "
        "| epochs per seed |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *verdicts(values),
        "",
        *(f"* {name}: {run['sentence']}" for name, run in values["runs"].items() if name != "oracle"),
        f"* {values['curse']['sentence']}",
        *(f"* {sentence}" for sentence in (values["fit"] or {"sentences": []})["sentences"]),
        *(f"* {sentence}" for sentence in (values["gradients"] or {"sentences": []})["sentences"]),
        *(f"* {note}" for note in values["notes"]),
    ]
    result = ROOT / "benchmarks" / "results" / f"race-{name}.md"
    write_text("\n".join(lines) + "\n", result)
    print(result.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
