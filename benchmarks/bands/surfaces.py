"""Surfaces of real trainings: which of 14,000 or 20,800 examples every network classifies correctly.

    python -m benchmarks.bands.surfaces [FOLDER] [--only NAME ...] [--seeds 8]

They are recorded once, as studies in FOLDER/surfaces.db. An interrupted recording resumes.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import oracle
from benchmarks.bands.cells import decided
from oracle.results.answers import level_answers
from oracle.results.study_view import view_study
from scyc.workloads import load_workload
from studies import Store, StudyNotFound

if TYPE_CHECKING:
    from benchmarks.bands.cells import Booleans, Floats, Integers
    from oracle.comparison.levels import OracleLevel

FOLDER = Path(__file__).parents[1] / "surfaces"

SEEDS = 8

_HERE = "benchmarks.bands.workloads"

SPECS: dict[str, dict[str, Any]] = {
    "mnist1d": {"workload": f"{_HERE}:mnist1d"},
    "mnist1d-lrr": {"workload": f"{_HERE}:mnist1d", "pruning": {"rewind": "learning-rate"}},
    "fashion-mnist": {
        "workload": f"{_HERE}:fashion_mnist",
        "epochs": 3,
        "batch_size": 128,
        "search": {"max_lr": {"low": 0.01, "high": 0.32, "count": 8}},
    },
}
"""Specs by name; all with one grid of candidates for all levels, and with all answers recorded."""


@dataclass(frozen=True)
class RecordedSurface:
    """A recorded surface.

    Attributes:
        rates: candidates, ascending, shape (K,).
        answers: shape (levels, K, seeds, examples).
        diverged: shape (levels, K, seeds).
        judging: how many of the examples a study has by default: the first ones.
    """

    rates: Floats
    answers: Booleans
    diverged: Booleans
    judging: int

    def levels(self, seeds: Integers, examples: Integers) -> list[OracleLevel]:
        """Return what a study of these seeds finds on these examples; both are given by their places."""
        answers = self.answers[:, :, seeds][..., examples]
        return decided(self.rates, answers, self.diverged[:, :, seeds].any(axis=2))


def record(name: str, folder: Path, seeds: int = SEEDS) -> None:
    """Train what is still missing of a surface, in as many processes as there are cores."""
    folder.mkdir(parents=True, exist_ok=True)
    fixed = {"seeds": list(range(seeds)), "answers": "all", "search.widen": 0}
    oracle.sweep({**SPECS[name]}, name=name, db=_database(folder), mirror=False, accept_changes=True, **fixed)


def recorded(name: str, folder: Path) -> RecordedSurface | None:
    """Return a surface; None if it is not recorded, or not to its end."""
    if not (folder / "surfaces.db").exists():
        return None
    try:
        with Store.open(_database(folder), read_only=True) as store:
            view = view_study(store, name)
            if view.state != "finished":
                return None
            found = level_answers(store, view)
    except StudyNotFound:
        return None
    rates = sorted(found[0])
    answers = np.array([[found[level.level][rate] for rate in rates] for level in view.levels])
    diverged = np.array(
        [
            [[trial.diverged for trial in level.trials if trial.max_lr == rate] for rate in rates]
            for level in view.levels
        ]
    )
    judging = load_workload(view.spec.workload).load_data().watched
    return RecordedSurface(np.array(rates), answers, diverged, judging or answers.shape[-1])


def _database(folder: Path) -> str:
    return f"sqlite:///{folder.resolve()}/surfaces.db"


def main() -> None:
    """Record the surfaces named on the command line."""
    parser = argparse.ArgumentParser(description="Record surfaces of real trainings.")
    parser.add_argument("folder", type=Path, nargs="?", default=FOLDER, help="default: benchmarks/surfaces")
    parser.add_argument("--only", nargs="+", choices=SPECS, default=list(SPECS), help="default: all")
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"seeds of each candidate; default: {SEEDS}")
    given = parser.parse_args()
    for name in given.only:
        record(name, given.folder, given.seeds)


if __name__ == "__main__":
    main()
