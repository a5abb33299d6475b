"""Managing whole studies and their database: list, delete, export, import, mirror, upgrade."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from oracle.api.defaults import check_artifacts
from oracle.api.driving import driven
from oracle.driver.garbage import collect
from oracle.driver.lease import driving
from oracle.results.status import UnreadableStudy, study_statuses
from oracle.study.export import read_export, write_export
from oracle.study.opening import ORACLE, study_spec
from scyc import InputError
from studies import Artifacts, Store
from studies import upgrade as upgrade_tables

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from oracle.study.export import Format
    from studies import RunRecord, StudyRecord


def listing(store: Store) -> list[dict[str, Any]]:
    """Return the studies of a database as plain values, oldest first; for one that cannot be read, say why.

    Keys: `study` and `state`; then `workload`, `decided`, `levels`, `trials` (complete) and `started`, or `error`.
    """
    rows: list[dict[str, Any]] = []
    for seen in study_statuses(store):
        if isinstance(seen, UnreadableStudy):
            rows.append(seen.to_json())
            continue
        rows.append(
            {
                "study": seen.study,
                "state": seen.state,
                "workload": seen.workload,
                "decided": len(seen.decided),
                "levels": seen.levels,
                "trials": seen.done,
                "started": seen.started,
            }
        )
    return rows


def finished_trials(name: str, db: str, run: str = ORACLE) -> int:
    """Return how many finished trials a run of a study has, which deleting it would lose.

    Raises:
        InputError: there is no such run.
        StudyNotFound: there is no such study.
    """
    with Store.open(db, read_only=True) as store:
        study = store.study(name)
        found = store.find_run(study.id, ORACLE) if run == ORACLE else _schedule_run(store, study, run)
        return store.counts(found.id)["complete"] if found else 0


def delete_study(name: str, db: str, warn: Callable[[str], None]) -> None:
    """Delete a study with its trials, its weights and its mirror.

    Args:
        name: name of the study.
        db: URL of its database.
        warn: called with a sentence if the mirror fails.

    Raises:
        StudyError: there is no such study, or a driver holds its lease.
    """
    from oracle.driver.optuna_mirror import OptunaMirror

    with Store.open(db, create=False) as store, driving(store, store.study(name)) as fenced:
        study = fenced.study(name)
        run = fenced.find_run(study.id, ORACLE)
        if run is not None:
            with closing(OptunaMirror(db, store, run, name, study_spec(study), warn)) as mirror:
                mirror.delete()
        artifacts = Artifacts(study.artifacts)
        for digest in fenced.delete_study(name):
            artifacts.delete(digest)


def delete_run(name: str, db: str, run: str) -> None:
    """Delete a run of a schedule with its trials and weights.

    Raises:
        InputError: there is no such run.
        StudyError: there is no such study, or a driver holds its lease.
    """
    with Store.open(db, create=False) as store, driving(store, store.study(name)) as fenced:
        study = fenced.study(name)
        artifacts = Artifacts(study.artifacts)
        for digest in fenced.delete_run(_schedule_run(fenced, study, run).id):
            artifacts.delete(digest)


def collect_garbage(db: str, *, dry_run: bool = False) -> list[str]:
    """Delete stored weights that no trial refers to, which killed workers left behind; return their hashes.

    Raises:
        StudyBusy: a driver holds the lease of one of the studies.
    """
    with Store.open(db, create=False) as store:
        return collect(store, dry_run=dry_run)


def rebuild_mirror(name: str, db: str, warn: Callable[[str], None]) -> int:
    """Rebuild a study's Optuna mirror from its trials; return how many trials it holds."""
    from oracle.driver.optuna_mirror import OptunaMirror

    with Store.open(db, create=False) as store, driven(store, name) as held:
        run = held.store.find_run(held.study.id, ORACLE)
        if run is None:
            raise InputError(f"The study {name!r} has no trials yet, so there is nothing to mirror; resume it first.")
        with closing(OptunaMirror(db, held.store, run, name, held.spec, warn)) as mirror:
            return mirror.rebuild()


def export_study(name: str, db: str, folder: Path, format_: Format = "json") -> list[Path]:
    """Write a study's tables, all but the weights, to a new folder; return the files.

    Raises:
        InputError: the folder is not empty or cannot be written.
        StudyNotFound: there is no such study.
    """
    with Store.open(db, read_only=True) as store:
        return write_export(store.dump_study(name), folder, format_)


def import_study(folder: Path, db: str, name: str | None = None, artifacts: str | None = None) -> str:
    """Import an exported study into a database and return its name. Its values are checked like those of a new study.

    Args:
        folder: a folder that `export_study` wrote.
        db: URL of the database, which is created if it does not exist.
        name: name of the study. Default: the name that it had.
        artifacts: folder or URL of its weights. Default: where they were.

    Raises:
        InputError: the folder holds no export that can be read.
        StudyError: the name is taken, or the values break a rule.
    """
    if artifacts is not None:
        check_artifacts(artifacts)
    tables = read_export(folder)
    with Store.open(db) as store:
        study = store.load_study(tables, name=name, artifacts=artifacts)
        study_spec(study)
        return study.name


def upgrade(db: str) -> str:
    """Upgrade a database to this version's revision, and return that revision. Back the database up first."""
    return upgrade_tables(db)


def _schedule_run(store: Store, study: StudyRecord, name: str) -> RunRecord:
    """Return a schedule's run.

    Raises:
        InputError: there is no run of that name.
    """
    runs = {run.name: run for run in store.runs(study.id) if run.name != ORACLE}
    if name not in runs:
        there = ", ".join(runs) or "none"
        raise InputError(f"The study {study.name!r} has no run of a schedule named {name!r}; its runs are: {there}.")
    return runs[name]
