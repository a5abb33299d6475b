"""The functions that a script or a notebook begins with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from oracle.api.defaults import database_url, default_artifacts, given_spec, study_name
from oracle.api.displays import display_for
from oracle.api.study import Study
from oracle.execution import ExecutionOptions
from studies import Store

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    progress: bool | Display | None = None,
    **fields: Any,
) -> Study:
    """Search the best `max_lr` at every pruning level; resume the study if it exists.

    Args:
        spec: a TOML file, a `Spec`, or its values. Default: the embedded example.
        name: of the study. Default: the spec's file name, or "demo" for the embedded example.
        db: URL of the database. Default: `$SCYC_DB`, else `sqlite:///scyc.db`.
        artifacts: folder or URL where a new study's weights go. Default: beside the database.
        workers: trials trained at a time. Default: as many as fit on this machine, or on the Ray cluster.
        executor: a name in `oracle.execution.EXECUTORS`, or "auto": Ray Tune for a cluster and GPUs, else processes.
        ray_address: of a running Ray cluster. Default: one is started and stopped where Ray is used.
        trial_timeout: seconds after which a trial counts as failed. Default: no limit.
        retries: how often a trial that fails is trained again.
        retry_failed: train trials again that failed for good.
        mirror: show trials to optuna-dashboard too.
        progress: whether to show a bar. Default: in a notebook.
        fields: fields of the spec to change, such as `levels=5`, or `**{"search.max_lr.count": 6}`.

    Returns:
        The finished study.

    Raises:
        InputError: the spec or the options cannot work, or the study exists with another spec; nothing was done.
        StudyError: the database cannot be used, or the study stopped before its end (`oracle.StudyStopped`).
        KeyboardInterrupt: it was interrupted; the same call resumes it.
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
    )
    run_sweep(found, name, url, artifacts or default_artifacts(url), options, display_for(progress))
    return Study(name, url)


def open_study(name: str, db: str | None = None) -> Study:
    """Return a study to look at. Nothing is written, and no lease is taken, until one of its methods says so.

    Args:
        name: of the study.
        db: URL of its database. Default: `$SCYC_DB`, else `sqlite:///scyc.db`.

    Raises:
        StudyNotFound: there is none of that name; the message lists those that are.
        StudyError: the database cannot be used.
    """
    study = Study(name, db)
    with Store.open(study.db, read_only=True) as store:
        store.study(name)
    return study


def studies(db: str | None = None) -> pd.DataFrame:
    """Return the studies of a database, a row each: how far it is, and why it cannot be read if it cannot.

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
    """Bring an exported study into a database, with the checks of one that is made there.

    Args:
        folder: what `Study.export` has written.
        db: URL of the database, which is created if it is not there. Default: `$SCYC_DB`, else `sqlite:///scyc.db`.
        name: of the study. Default: the name that it had.
        artifacts: folder or URL of its weights. Default: where they were.

    Raises:
        InputError: the folder holds no export that can be read.
        StudyError: the name is taken, or the values break a rule.
    """
    from oracle.api.managing import import_study as load

    url = database_url(db)
    return Study(load(Path(folder), url, name, artifacts), url)
