"""Time what it costs to resume a study that already has very many trials.

    python -m benchmarks.scale [SIZE ...]

It fills a study with SIZE finished trials (default: 1000 10000 100000) in 20 decided levels. Then it times what a
driver and a reader do: start, ask for a trial and record it, show, report. For comparison it times what you would use
without this project: Ray Tune's OptunaSearch on Optuna's RDBStorage, with as many finished trials, asked for the same
empty trials (only its searcher, without Tune's own event loop and snapshots). The table is kept in
benchmarks/results/scale.md.
"""

from __future__ import annotations

import json
import math
import random
import sys
import tempfile
import time
import warnings
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import optuna
from optuna.distributions import FloatDistribution
from optuna.storages import RDBStorage
from sqlalchemy import create_engine, text

from oracle.api.writing import write_page
from oracle.driver.events import Listener
from oracle.driver.lease import driving
from oracle.driver.oracle_run import OracleRun
from oracle.execution.messages import Outcome
from oracle.report import render
from oracle.results.plain import to_json
from oracle.results.study_view import view_study
from oracle.spec.files import parse_spec
from oracle.study.opening import ORACLE
from oracle.study.provenance import provenance
from oracle.study.writing import write_text
from scyc import density
from studies import Artifacts, EpochRecord, NewCheckpoint, Store, TrialResult, engine_url
from tests.studies.server import Server

if TYPE_CHECKING:
    from oracle.spec.model import Spec

LEVELS, SEEDS, EPOCHS = 20, 10, 2
ASKED = 40  # trials asked for and recorded
ASKED_PEER = 10


def spec_of(size: int) -> Spec:
    """Return a spec with 20 levels that have `size` trials together, and one level that has none yet."""
    grid = [float(f"{0.01 * 100 ** (i / (size / LEVELS / SEEDS)):.6g}") for i in range(size // LEVELS // SEEDS)]
    return parse_spec(
        {"levels": LEVELS + 1, "seeds": list(range(SEEDS)), "search": {"max_lr": {"values": grid}, "widen": 0}}, "scale"
    )


def fill(store: Store, size: int, artifacts: str) -> None:
    """Write a study with `size` finished trials to the database, as an import does."""
    spec, now, noise = spec_of(size), datetime.now(UTC).isoformat(), random.Random(0)
    grid = spec.search.max_lr.grid()
    winner = grid[len(grid) // 2]
    tables: dict[str, list[dict[str, Any]]] = {
        "studies": [
            {
                "id": 1,
                "name": "scale",
                "spec": spec.to_dict(),
                "spec_hash": spec.hash,
                "artifacts": artifacts,
                "provenance": provenance(),
                "created_at": now,
            }
        ],
        "runs": [{"id": 1, "study_id": 1, "name": ORACLE, "created_at": now, "wall_seconds": 1.0}],
        "spec_history": [],
        "levels": [],
        "level_history": [],
        "trials": [],
        "epochs": [],
        "checkpoints": [],
    }
    number = 0
    for level in range(LEVELS):
        share = density(level, 0.2)
        tables["levels"].append(
            {"run_id": 1, "level": level, "density": share, "winner": winner, "edge": False, "decided_at": now}
        )
        for max_lr in grid:
            for seed in spec.seeds:
                number += 1
                accuracy = 0.9 - 0.01 * math.log(max_lr / winner) ** 2 - 0.001 * noise.random()
                tables["trials"].append(
                    {
                        "id": number,
                        "run_id": 1,
                        "level": level,
                        "seed": seed,
                        "max_lr": max_lr,
                        "parent": digest(level - 1, seed, winner) if level else "",
                        "round": 0,
                        "state": "complete",
                        "error": None,
                        "created_at": now,
                        "finished_at": now,
                        "val": accuracy,
                        "test": accuracy,
                        "val_loss": 1.0,
                        "test_loss": 1.0,
                        "train_loss": 1.0,
                        "diverged": False,
                        "density": share,
                        "seconds": 1.0,
                        "checkpoint": digest(level, seed, max_lr),
                        "rewind_point": f"{seed:064x}" if level == 0 else None,
                        "attempts": 0,
                        "spec_hash": spec.trial_hash,
                    }
                )
                tables["epochs"] += [
                    {"trial_id": number, "step": e, "train_loss": 1.0, "val_loss": 1.0, "val": accuracy}
                    for e in range(EPOCHS)
                ]
                if max_lr == winner:
                    tables["checkpoints"].append(
                        {
                            "trial_id": number,
                            "kind": "trained",
                            "hash": digest(level, seed, max_lr),
                            "size": 1,
                            "parent": None,
                        }
                    )
    store.load_study(tables)


def digest(level: int, seed: int, max_lr: float) -> str:
    """Return a made-up hash of what a trial left."""
    return f"{level:04x}{seed:04x}{int(max_lr * 1e9):056x}"


def ours(url: str, size: int, folder: Path) -> dict[str, float]:
    """Time the driver and the reader."""
    with Store.open(url) as store:
        fill(store, size, str(folder / "weights"))
    spec, measured = spec_of(size), {}

    started = time.perf_counter()
    with ExitStack() as stack:
        store = stack.enter_context(Store.open(url))
        study = store.study("scale")
        fenced = stack.enter_context(driving(store, study))
        run = fenced.open_run(study.id, ORACLE)
        sweep = OracleRun(fenced, run, spec, Artifacts(study.artifacts), Listener())
        [request] = sweep.next()
        measured["start"] = time.perf_counter() - started

        started = time.perf_counter()
        for _ in range(ASKED):
            sweep.record([(request, outcome(request.level, request.seed, request.max_lr))])
            [request] = sweep.next()
        measured["trial"] = (time.perf_counter() - started) / ASKED

    started = time.perf_counter()
    with Store.open(url) as store:
        json.dumps(to_json(view_study(store, "scale")))
    measured["show"] = time.perf_counter() - started
    started = time.perf_counter()
    with Store.open(url) as store:
        write_page(render(view_study(store, "scale")), folder / "report.html")
    measured["report"] = time.perf_counter() - started
    return measured


def outcome(level: int, seed: int, max_lr: float) -> Outcome:
    """Return the outcome of an empty trial."""
    key = digest(level, seed, max_lr)
    epochs = tuple(EpochRecord(e, 1.0, 1.0, 0.5) for e in range(EPOCHS))
    result = TrialResult(0.5, 0.5, 1.0, 1.0, 1.0, False, density(level, 0.2), 1.0, key, None, epochs)
    return Outcome(result, (NewCheckpoint(key, "trained", 1, None),))


def peer(url: str, size: int) -> dict[str, float]:
    """Time OptunaSearch on RDBStorage: open the study, ask for trials, record them."""
    from ray.tune.search.optuna import OptunaSearch

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    url = engine_url(url)
    space = {"max_lr": FloatDistribution(0.01, 1.0, log=True)}
    storage = RDBStorage(url)
    study = optuna.create_study(study_name="peer", storage=storage, direction="maximize")
    fill_optuna(url, study, size, space["max_lr"])
    storage.remove_session()
    storage.engine.dispose()

    started = time.perf_counter()
    search = OptunaSearch(space, metric="accuracy", mode="max", study_name="peer", storage=RDBStorage(url))
    search.suggest("0")
    measured = {"start": time.perf_counter() - started}
    search.on_trial_complete("0", {"accuracy": 0.5})
    started = time.perf_counter()
    for index in range(1, ASKED_PEER + 1):
        search.suggest(str(index))
        search.on_trial_complete(str(index), {"accuracy": 0.5})
    measured["trial"] = (time.perf_counter() - started) / ASKED_PEER
    return measured


def fill_optuna(url: str, study: optuna.Study, size: int, distribution: FloatDistribution) -> None:
    """Write finished trials to Optuna's tables, faster than its own interface does."""
    engine, noise, now = create_engine(url), random.Random(0), datetime.now()
    kind = json.dumps({"name": "FloatDistribution", "attributes": distribution._asdict()})
    trials = [
        {"t": n + 1, "n": n, "s": study._study_id, "lr": 10 ** noise.uniform(-2, 0), "v": noise.random(), "now": now}
        for n in range(size)
    ]
    with closing(engine.connect()) as connection, connection.begin():
        for statement in (
            "INSERT INTO trials (trial_id, number, study_id, state, datetime_start, datetime_complete) "
            "VALUES (:t, :n, :s, 'COMPLETE', :now, :now)",
            "INSERT INTO trial_values (trial_id, objective, value, value_type) VALUES (:t, 0, :v, 'FINITE')",
            "INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json) "
            "VALUES (:t, 'max_lr', :lr, :kind)",
        ):
            connection.execute(text(statement), [row | {"kind": kind} for row in trials])
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT setval('trials_trial_id_seq', :size)"), {"size": size})
    engine.dispose()


def main() -> None:
    """Time all sizes, print the table and keep it."""
    warnings.simplefilter("ignore")
    sizes = [int(size) for size in sys.argv[1:]] or [1_000, 10_000, 100_000]
    machine, server = provenance(), Server()
    lines = [
        "# Resuming with very many trials",
        "",
        f"`python -m benchmarks.scale` at {(machine['commit'] or 'no commit')[:12]} on "
        f"{machine['hardware']['processor']}, {machine['hardware']['cores']} cores; Python {sys.version.split()[0]}, "
        f"Optuna {version('optuna')}, Ray {version('ray')}, SQLAlchemy {version('sqlalchemy')}.",
        "",
        f"Start: seconds from opening the database to the first request for a trial. Trial: milliseconds to ask for an "
        f"empty trial and record it, mean of {ASKED} (OptunaSearch: of {ASKED_PEER}). Show, report: seconds.",
        "",
        "| database | finished trials | start | trial | show | report | OptunaSearch: start | trial | ratio |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    try:
        for kind in ("SQLite", "PostgreSQL"):
            for size in sizes:
                with tempfile.TemporaryDirectory() as name:
                    folder = Path(name)
                    mine, theirs = (
                        server.empty() if kind == "PostgreSQL" else f"sqlite:///{folder}/{who}.db"
                        for who in ("ours", "peer")
                    )
                    a, b = ours(mine, size, folder), peer(theirs, size)
                lines.append(
                    f"| {kind} | {size:,} | {a['start']:.2f} | {1000 * a['trial']:.1f} | {a['show']:.1f} | "
                    f"{a['report']:.1f} | {b['start']:.2f} | {1000 * b['trial']:.0f} | "
                    f"{b['trial'] / a['trial']:.0f} x |"
                )
                print(lines[-1], flush=True)
    finally:
        server.close()
    write_text("\n".join(lines) + "\n", Path(__file__).parent / "results" / "scale.md")


if __name__ == "__main__":
    main()
