"""The surfaces that search methods are replayed on: full grids with more seeds than a study would have.

    python -m benchmarks.replay.surfaces [FOLDER] [--only NAME ...] [--workers 2]

They are swept once, as studies in FOLDER/surfaces.db, and kept as benchmarks/replay/recorded/NAME.npz. An interrupted
sweep resumes; `--keep-only` keeps what is finished. On two busy cores the five surfaces took 28 minutes.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import oracle
from oracle.replaying import Recording
from studies import Store

FOLDER = Path(__file__).parent / "recorded"

SEEDS = 8

_OWN = "benchmarks.replay.workloads"
_COMMON: dict[str, Any] = {"levels": 12, "seeds": list(range(SEEDS)), "search": {"widen": 0}}

SPECS: dict[str, dict[str, Any]] = {
    "mnist1d-mlp": {},
    "mnist1d-mlp-lrr": {"pruning": {"rewind": "learning-rate"}},
    "mnist1d-conv": {
        "workload": f"{_OWN}:mnist1d_conv",
        "epochs": 8,
        "search": {"widen": 0, "max_lr": {"low": 0.02, "high": 0.8, "count": 12}},
    },
    "fashion-mlp": {
        "workload": f"{_OWN}:fashion_mlp",
        "epochs": 8,
        "search": {"widen": 0, "max_lr": {"low": 0.005, "high": 0.4, "count": 12}},
    },
    "fashion-conv-lrr": {
        "workload": f"{_OWN}:fashion_conv",
        "epochs": 8,
        "pruning": {"rewind": "learning-rate"},
        "search": {"widen": 0, "max_lr": {"low": 0.005, "high": 0.6, "count": 12}},
    },
}
"""Specs by name, where they differ from the default."""


def database(folder: Path) -> str:
    """Return the URL of the database of the recorded surfaces."""
    return f"sqlite:///{folder.resolve()}/surfaces.db"


def record(name: str, folder: Path, workers: int) -> None:
    """Train what is still missing of a surface."""
    folder.mkdir(parents=True, exist_ok=True)
    oracle.sweep({**_COMMON, **SPECS[name]}, name=name, db=database(folder), workers=workers, mirror=False)


def keep(name: str, folder: Path) -> None:
    """Write the recording of a finished surface, with the command that made it, and on what."""
    with Store.open(database(folder), read_only=True) as store:
        made = store.study(name).provenance
        made_by = (
            f"python -m benchmarks.replay.surfaces --only {name}, at commit {made['commit'] or 'unknown'} on "
            f"{made['hardware']['processor']} with torch {made['versions']['torch']}"
        )
        Recording.from_study(store, name, made_by).save(FOLDER / f"{name}.npz")


def main() -> None:
    """Record the surfaces named on the command line."""
    parser = argparse.ArgumentParser(description="Record surfaces of real trainings.")
    parser.add_argument("folder", type=Path, nargs="?", default=FOLDER, help="default: benchmarks/replay/recorded")
    parser.add_argument("--only", nargs="+", choices=SPECS, default=list(SPECS), help="default: all")
    parser.add_argument("--workers", type=int, default=2, help="processes that train; default: 2")
    parser.add_argument("--keep-only", action="store_true", help="train nothing")
    given = parser.parse_args()
    for name in given.only:
        if not given.keep_only:
            record(name, given.folder, given.workers)
        keep(name, given.folder)


if __name__ == "__main__":
    main()
