"""Managing whole studies and their database: list, delete, export, import, mirror, upgrade."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from oracle.api.defaults import check_artifacts, default_artifacts, folder_name, study_name
from oracle.driver.garbage import collect
from oracle.driver.lease import driving
from oracle.results.status import UnreadableStudy, study_statuses
from oracle.study.checking import check_export
from oracle.study.export import read_export, write_export
from oracle.study.opening import ORACLE, study_spec
from scyc import InputError
from studies import Artifacts, Store, StudyError, claim, retire
from studies import upgrade as upgrade_tables

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from oracle.study.export import Format
    from studies import RunRecord


def listing(store: Store) -> list[dict[str, Any]]:
    """Return the studies of a database as plain values, oldest first; for one that cannot be read, say why.

    Keys: `study` and `state`; then `workload`, `decided`, `levels`, `trials` (complete or stopped early) and `started`,
    or `error`.
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
                "trials": seen.ended,
                "started": seen.started,
            }
        )
    return rows


def finished_trials(name: str, db: str, run: str = ORACLE) -> int:
    """Return how many trials of a run of a study are complete or stopped early, which deleting it would lose.

    Raises:
        InputError: there is no such run.
        StudyNotFound: there is no such study.
    """
    with Store.open(db, read_only=True) as store:
        found = store.find_run(_number(store, name), ORACLE) if run == ORACLE else _schedule_run(store, name, run)
        counts = store.counts(found.id) if found else {"complete": 0, "stopped": 0}
        return counts["complete"] + counts["stopped"]


def delete_study(name: str, db: str, warn: Callable[[str], None]) -> None:
    """Delete a study with its trials, its weights and its mirror; weights that belong to another database stay.

    Args:
        name: name of the study.
        db: URL of its database.
        warn: called with a sentence if weights stay.

    Raises:
        StudyError: there is no such study, or a driver holds its lease.
    """
    from oracle.driver.optuna_mirror import delete_mirror

    with Store.open(db, create=False) as store, driving(store, _number(store, name)) as fenced:
        delete_mirror(db, name)
        artifacts = _own_artifacts(fenced, name, warn)
        hashes = fenced.delete_study(name)
        if artifacts is not None:  # if this is interrupted, `collect_garbage` does the rest
            for digest in hashes:
                artifacts.delete(digest)
            retire(store, artifacts)


def delete_run(name: str, db: str, run: str, warn: Callable[[str], None]) -> None:
    """Delete a run of a schedule with its trials and weights; weights that belong to another database stay.

    Raises:
        InputError: there is no such run.
        StudyError: there is no such study, or a driver holds its lease.
    """
    with Store.open(db, create=False) as store, driving(store, _number(store, name)) as fenced:
        found = _schedule_run(fenced, name, run)
        artifacts = _own_artifacts(fenced, name, warn)
        for digest in fenced.delete_run(found.id):
            if artifacts is not None:
                artifacts.delete(digest)


def collect_garbage(db: str, warn: Callable[[str], None], *, dry_run: bool = False) -> list[str]:
    """Delete stored weights that no trial refers to, which killed processes left behind; return their hashes.

    Raises:
        StudyBusy: a driver holds the lease of one of the studies.
    """
    with Store.open(db, create=False) as store:
        return collect(store, dry_run=dry_run, warn=warn)


def rebuild_mirror(name: str, db: str, warn: Callable[[str], None]) -> int:
    """Rebuild a study's Optuna mirror from its trials; return how many trials it holds."""
    from oracle.driver.optuna_mirror import OptunaMirror

    with Store.open(db, create=False) as store, driving(store, store.study(name)) as fenced:
        study = fenced.study(name)
        run = fenced.find_run(study.id, ORACLE)
        if run is None:
            raise InputError(f"The study {name!r} has no trials yet, so there is nothing to mirror; resume it first.")
        with closing(OptunaMirror(db, fenced, run, name, study_spec(study), warn)) as mirror:
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
        artifacts: folder or URL of its weights. Default: where a new study of that name would have them, whatever the
            export says: an import must not lead to weights that are somebody else's.

    Raises:
        InputError: the folder holds no export that can be read, or its values break a rule; nothing was written.
        StudyError: the name is taken.
    """
    if artifacts is not None:
        check_artifacts(artifacts)
    tables = read_export(folder)
    check_export(tables)
    [exported] = tables["studies"]
    name = study_name(name if name is not None else exported["name"])
    place = artifacts or f"{default_artifacts(db)}/{folder_name(name)}"
    with Store.open(db) as store:
        return store.load_study(tables, name=name, artifacts=place).name


def upgrade(db: str) -> str:
    """Upgrade a database to this version's revision, and return that revision. Back the database up first."""
    return upgrade_tables(db)


def artifacts_of(name: str, db: str) -> str:
    """Return the folder or URL of a study's weights."""
    with Store.open(db, read_only=True) as store:
        return store.study(name).artifacts


def place_artifacts(name: str, db: str, artifacts: str, *, take_over: bool = False) -> str:
    """Record where a study's weights are; return that folder or URL.

    Args:
        name: name of the study.
        db: URL of its database.
        artifacts: folder or URL where they are.
        take_over: whether that store becomes this database's even if it belongs to another, which then cannot use it.

    Raises:
        StudyError: there is no such study, a driver holds its lease, or the store is not there, has none of the
            study's weights, or belongs to another database.
    """
    with Store.open(db, create=False) as store, driving(store, _number(store, name)) as fenced:
        study = fenced.study(name)
        there, listed = Artifacts(artifacts), fenced.weights_of(study.id)
        if not there.is_there() or (listed and not any(map(there.exists, listed))):
            state = "has none of its weights" if there.is_there() else "is not there"
            raise InputError(f"{there.url} {state}; say where the weights of {name!r} are.")
        place = claim(fenced, artifacts, take_over=take_over).url
        fenced.place_study(study.id, place)
        return place


def _own_artifacts(store: Store, name: str, warn: Callable[[str], None]) -> Artifacts | None:
    """Return the store of a study's weights; None if it is not there, or another database's."""
    try:
        study = store.study(name)
        return claim(store, study.artifacts) if Artifacts(study.artifacts).is_there() else None
    except StudyError as error:
        warn(f"The weights of {name!r} were left as they are. {error}")
        return None


def _number(store: Store, name: str) -> int:
    """Return the number of a study, whatever else its row holds; raise StudyNotFound if there is none."""
    number = store.find_study(name)
    return store.study(name).id if number is None else number


def _schedule_run(store: Store, study: str, name: str) -> RunRecord:
    """Return a schedule's run.

    Raises:
        InputError: there is no run of that name.
    """
    runs = {run.name: run for run in store.runs(_number(store, study)) if run.name != ORACLE}
    if name not in runs:
        there = ", ".join(runs) or "none"
        raise InputError(f"The study {study!r} has no run of a schedule named {name!r}; its runs are: {there}.")
    return runs[name]
