"""A race beside the full grid, both really trained: what each takes, and whether they say the same of schedules.

    python -m benchmarks.racing [mnist1d | fashion-mnist] [FOLDER]

It sweeps twice in FOLDER (default: a temporary folder), and keeps the tables in benchmarks/results/racing-NAME.md.
Started again in the same folder, it resumes.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import oracle
from benchmarks.race import ROOT
from benchmarks.tables import keep, made_on
from oracle.driver.events import Listener
from oracle.driver.oracle_run import OracleRun
from oracle.spec.files import load_spec
from oracle.study.opening import ORACLE, open_study
from oracle.testing.made_up_outcomes import MadeUp
from studies import Artifacts, Store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oracle.api.study import Study
    from oracle.comparison.verdict import Verdict

SPECS = {"mnist1d": None, "fashion-mnist": ROOT / "examples" / "fashion-mnist.toml"}
SCHEDULES = ("constant", "s-cyc", "linear", "fitted")
METHODS = ("grid", "racing")


def sweep(name: str, folder: Path) -> dict[str, Study]:
    """Sweep by both methods, the grid first."""
    db, given = f"sqlite:///{folder}/scyc.db", SPECS[name]
    specs = {method: load_spec(given, [f"search.method={method}"]) for method in METHODS}
    return {
        method: oracle.sweep(spec, name=f"{name}-{method}", db=db, workers=2, mirror=False)
        for method, spec in specs.items()
    }


def costs(studies: Mapping[str, Study]) -> list[str]:
    """Return a table row for each search."""
    rows = []
    views = {method: study.view() for method, study in studies.items()}
    grid = views["grid"].cost
    for method, view in views.items():
        cost = view.cost
        rows.append(
            f"| {method} | {cost.trials} | {cost.stopped} | {cost.epochs:,} | {cost.epochs / grid.epochs:.0%} "
            f"| {cost.wall_seconds:.0f} s | {cost.wall_seconds / grid.wall_seconds:.0%} |"
        )
    return rows


def curves(studies: Mapping[str, Study]) -> list[str]:
    """Return a table row for each level."""
    grid, race = (studies[method].view() for method in METHODS)
    rows = []
    for one, other in zip(grid.levels, race.levels, strict=True):
        cells = [f"{level.winner:.3g}" if level.winner else "-" for level in (one, other)]
        for view, level in ((grid, one), (race, other)):
            best, interval = view.best.levels.get(level.level), level.intervals["model"]
            cells += [
                f"{best.best:.3g} ({best.low:.3g} – {best.high:.3g})" if best else "-",
                f"{interval.low:.3g} – {interval.high:.3g}" if interval else "-",
            ]
        rows.append(f"| {one.level} | {' | '.join(cells)} |")
    return rows


def verdicts(studies: Mapping[str, Study]) -> list[str]:
    """Return a table row for each schedule."""
    found = {method: study.compare(SCHEDULES).verdicts for method, study in studies.items()}
    rows = []
    for schedule in SCHEDULES:
        one, other = (found[method].get(schedule) for method in METHODS)
        rows.append(f"| {schedule} | {_said(one)} | {_said(other)} |")
    return rows


def overhead(levels: int = 88) -> str:
    """Return how long it takes to ask for a trial, to decide and to record it, with made-up trainings."""
    spec = load_spec(None, ["search.method=racing", f"levels={levels}", "seeds=[0,1,2,3,4]", "search.budget=0.42"])
    made_up = MadeUp(spec.pruning.rate, growth=1.02, epochs=spec.epochs)
    with tempfile.TemporaryDirectory() as folder, Store.open(f"sqlite:///{folder}/scyc.db") as store:
        study = open_study(store, "overhead", spec, f"{folder}/weights")
        run = OracleRun(store, store.open_run(study.id, ORACLE), spec, Artifacts(study.artifacts), Listener())
        trials, started = 0, time.perf_counter()
        while requests := run.next(2):
            run.record([(request, made_up.train(request)) for request in requests])
            trials += len(requests)
        took = (time.perf_counter() - started) / trials
    return (
        f"Asking, deciding and recording take {1000 * took:.1f} ms per trial, the surface's fits included (a race of "
        f"{trials:,} made-up trainings on SQLite)."
    )


def _said(verdict: Verdict | None) -> str:
    if verdict is None or verdict.model is None:
        return "- | -"
    model = verdict.model
    return (
        f"{model.hits:.1f} of {model.levels} "
        f"| {100 * model.regret.mean:.2f} ({100 * model.regret.low:.2f} – {100 * model.regret.high:.2f})"
    )


def main() -> None:
    """Sweep, and keep the tables."""
    name = sys.argv[1] if len(sys.argv) > 1 else "mnist1d"
    folder = Path(sys.argv[2] if len(sys.argv) > 2 else tempfile.mkdtemp(prefix="scyc-racing-")).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    studies = sweep(name, folder)
    keep(
        f"racing-{name}",
        [
            f"# A race beside the full grid: {name}",
            "",
            f"Made by `python -m benchmarks.racing {name}` at {made_on()}. Both sweeps were really trained, by two "
            "workers, one after the other.",
            "",
            "| search | trainings | stopped early | epochs | of the grid's | wall time | of the grid's |",
            "| --- | --- | --- | --- | --- | --- | --- |",
            *costs(studies),
            "",
            "What each says of schedules, by its own surface: at how many levels a schedule is as good as the best, as "
            "expected by the model, and what it loses on average, in points, with a 90 % band. *fitted* is each "
            "search's own fit. Below, *best* is by the surface, with its 90 % band; *as good* is the interval `model`.",
            "",
            "| schedule | grid: as good | grid: loses | race: as good | race: loses |",
            "| --- | --- | --- | --- | --- |",
            *verdicts(studies),
            "",
            "| level | grid: winner | race: winner | grid: best | grid: as good | race: best | race: as good |",
            "| --- | --- | --- | --- | --- | --- | --- |",
            *curves(studies),
            "",
            overhead(),
        ],
    )


if __name__ == "__main__":
    main()
