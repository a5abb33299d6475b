"""The functions that a script or a notebook starts with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from oracle.api.defaults import database_url, default_artifacts, given_spec, study_name
from oracle.api.displays import display_for
from oracle.api.study import Study
from oracle.execution import ExecutionOptions
from studies import Store

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from oracle.api.displays import Display
    from oracle.spec.model import Spec


def sweep(
    spec: Spec | Mapping[str, Any] | Path | str | None = None,
    *,
    name: str | None = None,
    db: str | None = None,
    artifacts: str | None = None,
    workers: int | None = None,
    executor: str = "auto",
    ray_address: str | None = None,
    trial_timeout: float | None = None,
    retries: int = 1,
    retry_failed: bool = False,
    mirror: bool = True,
    accept_changes: bool = False,
    progress: bool | Display | None = None,
    **fields: Any,
) -> Study:
    """Find the best `max_lr` at every pruning level. If the study exists, resume it.

    Args:
        spec: a TOML file, a `Spec`, or its values. Default: the embedded example.
        name: name of the study. Default: the name of the spec file, or "demo" for the embedded example.
        db: URL of the database. Default: `$SCYC_DB`, else `sqlite:///scyc.db`.
        artifacts: folder or URL for the weights of a new study. Default: beside the database.
        workers: how many trials to train at a time. Default: as many as fit on this machine, or on the Ray cluster.
        executor: a name in `oracle.execution.EXECUTORS`, or "auto": Ray Tune for a cluster or GPUs, else processes.
        ray_address: address of a running Ray cluster. Default: if Ray is needed, a local one is started for the call.
        trial_timeout: seconds after which a trial is ended and counts as failed. Default: no limit.
        retries: how often to train a trial again if it fails.
        retry_failed: also train the trials that failed for good.
        mirror: also record trials for optuna-dashboard.
        accept_changes: continue although the data or own code are not those that the study has recorded; the change is
            recorded too.
        progress: whether to show a bar. Default: only in a notebook.
        fields: fields of the spec to change, such as `levels=5`, or `**{"search.max_lr.count": 6}`.

    Returns:
        The finished study.

    Raises:
        InputError: the spec or an option is not valid, or the study exists with another spec, other data or other own
            code; nothing was changed.
        StudyError: the database cannot be used, or the study stopped before its end (`oracle.StudyStopped`).
        KeyboardInterrupt: the call was interrupted; the same call resumes the study.
    """
    from oracle.api.sweeping import sweep as run_sweep

    found, url = given_spec(spec, fields), database_url(db)
    name = study_name(name, spec if spec is not None or not fields else fields)
    options = ExecutionOptions(
        executor=executor,
        workers=workers,
        ray_address=ray_address,
        trial_timeout=trial_timeout,
        retries=retries,
        retry_failed=retry_failed,
        mirror=mirror,
        accept_changes=accept_changes,
    )
    run_sweep(found, name, url, artifacts or default_artifacts(url), options, display_for(progress))
    return Study(name, url)


def open_study(name: str, db: str | None = None) -> Study:
    """Open a study for reading. Nothing is written, and no lease is taken, until you call a method that trains.

    Args:
        name: name of the study.
        db: URL of its database. Default: `$SCYC_DB`, else `sqlite:///scyc.db`.

    Raises:
        StudyNotFound: there is no study of that name; the message lists the names that there are.
        StudyError: the database cannot be used.
    """
    study = Study(name, db)
    with Store.open(study.db, read_only=True) as store:
        store.study(name)
    return study


def studies(db: str | None = None) -> pd.DataFrame:
    """Return a row for each study of a database: how far it is, or why it cannot be read.

    Args:
        db: URL of the database. Default: `$SCYC_DB`, else `sqlite:///scyc.db`.
    """
    import pandas as pd

    from oracle.api.managing import listing

    with Store.open(database_url(db), read_only=True) as store:
        return pd.DataFrame(listing(store))


def import_study(
    folder: Path | str, *, db: str | None = None, name: str | None = None, artifacts: str | None = None
) -> Study:
    """Import an exported study into a database. Its values are checked like those of a new study.

    Args:
        folder: a folder that `Study.export` wrote.
        db: URL of the database, which is created if it does not exist. Default: `$SCYC_DB`, else `sqlite:///scyc.db`.
        name: name of the study. Default: the name that it had.
        artifacts: folder or URL of its weights. Default: beside the database, whatever the export says.

    Raises:
        InputError: the folder holds no export that can be read, or its values break a rule; nothing was written.
        StudyError: the name is taken.
    """
    from oracle.api.managing import import_study as load

    url = database_url(db)
    return Study(load(Path(folder), url, name, artifacts), url)


def replay(
    study: Study | Path | str,
    method: str | Sequence[str] = (),
    *,
    db: str | None = None,
    seeds: int | None = None,
    orders: int = 4,
    workers: int = 1,
    **fields: Any,
) -> pd.DataFrame:
    """Replay search methods on a finished grid study: what each would have trained and found. Nothing is trained.

    Every replay is a study of some of the recorded seeds. It is judged by the full grid on the same seeds, and by the
    other seeds, which stand for the truth.

    Args:
        study: a study, its name, or a file that `scyc replay NAME --save FILE` or `Study.recording().save` wrote.
        method: names of search methods. Default: all.
        db: URL of the database of a study that is given by its name. Default: `$SCYC_DB`, else `sqlite:///scyc.db`.
        seeds: how many seeds each replayed study has. Default: 3, or one less than are recorded.
        orders: how many choices and orders of the seeds are replayed.
        workers: how many trainings run at a time, on the simulated clock.
        fields: fields of [search] to change, such as `**{"search.max_lr.count": 4}`.

    Returns:
        A row per method: means over the replays, and with `_low` and `_high` their range. Regrets are points of
        percent, or in the metric's own units; `oracle.replaying.Judgement` says what the columns mean.

    Raises:
        InputError: the study is not finished, or not a full grid; the file is no recording; there is no such method, or
            not so many seeds; or a field is not valid.
        StudyError: there is no such study, or the database cannot be used.
    """
    from oracle.api.replaying import as_table, recording_of, replay_methods

    methods = [method] if isinstance(method, str) else list(method)
    recording = recording_of(study, db)
    return as_table(replay_methods(recording, methods, fields, seeds=seeds, orders=orders, workers=workers))
