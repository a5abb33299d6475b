"""`scyc studies`: the studies of a database, and what is done with a whole one."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.markup import escape
from rich.table import Table

from oracle.cli.app import DEFAULT_DB, AsJson, DatabaseUrl, StudyName, app, err, out, print_json, say
from oracle.driver.garbage import collect
from oracle.driver.lease import driving
from oracle.driver.optuna_mirror import OptunaMirror
from oracle.results.status import StudyStatus, UnreadableStudy, study_statuses
from oracle.study.export import read_export, write_export
from oracle.study.opening import ORACLE, study_spec
from scyc import InputError
from studies import Artifacts, Store, upgrade

if TYPE_CHECKING:
    from studies import StudyRecord

studies_app = typer.Typer(no_args_is_help=True, help="The studies of a database.")
app.add_typer(studies_app, name="studies")

Format = Annotated[Literal["json", "csv", "parquet"], typer.Option("--format", help="Format of the tables.")]


@studies_app.command("list")
def list_studies(db: DatabaseUrl = DEFAULT_DB, as_json: AsJson = False) -> None:
    """List the studies with how far they are."""
    with Store.open(db, create=False) as store:
        rows = [_row(study) for study in study_statuses(store)]
    if as_json:
        print_json(rows)
        return
    table = Table("study", "state", "workload", "levels", "trials", "started", box=None)
    for row in rows:
        if row["state"] == "unreadable":
            table.add_row(row["study"], row["state"], escape(row["error"]))
            continue
        levels = f"{row['decided']}/{row['levels']}"
        table.add_row(row["study"], row["state"], row["workload"], levels, str(row["trials"]), str(row["started"]))
    out.print(table)


def _row(study: StudyStatus | UnreadableStudy) -> dict[str, Any]:
    """Return how far a study is; of one whose spec this version cannot read, why."""
    if isinstance(study, UnreadableStudy):
        return study.to_json()
    return {
        "study": study.study,
        "state": study.state,
        "workload": study.workload,
        "decided": len(study.decided),
        "levels": study.levels,
        "trials": study.done,
        "started": study.started,
    }


@studies_app.command("delete")
def delete_study(
    name: StudyName,
    db: DatabaseUrl = DEFAULT_DB,
    run_name: Annotated[str | None, typer.Option("--run", help="Delete this run of a schedule alone.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete a study with its trials, its weights and its mirror, or one run of it; asks first."""
    with Store.open(db, create=False) as store:
        study = store.study(name)
        if run_name is not None:
            _delete_run(store, study, run_name, yes=yes, as_json=as_json)
            return
        run = store.open_run(study.id, ORACLE)
        trials = store.counts(run.id)["complete"]
        if not yes:
            typer.confirm(f"Delete the study {name!r} with its {trials} finished trials and their weights?", abort=True)
        with driving(store, study) as fenced:
            with closing(OptunaMirror(db, store, run, name, study_spec(study), err.print)) as mirror:
                mirror.delete()
            artifacts = Artifacts(study.artifacts)
            for digest in fenced.delete_study(name):
                artifacts.delete(digest)
    if as_json:
        print_json({"study": name, "deleted_trials": trials})
    else:
        say(out, f"The study {name!r} is deleted.")


def _delete_run(store: Store, study: StudyRecord, name: str, *, yes: bool, as_json: bool) -> None:
    """Delete a run of a schedule with its trials and weights.

    Raises:
        InputError: there is no such run.
    """
    runs = {run.name: run for run in store.runs(study.id) if run.name != ORACLE}
    if name not in runs:
        there = ", ".join(runs) or "none"
        raise InputError(f"The study {study.name!r} has no run {name!r} of a schedule; there are: {there}.")
    trials = store.counts(runs[name].id)["complete"]
    if not yes:
        typer.confirm(f"Delete the run {name!r} with its {trials} finished trials and their weights?", abort=True)
    with driving(store, study) as fenced:
        artifacts = Artifacts(study.artifacts)
        for digest in fenced.delete_run(runs[name].id):
            artifacts.delete(digest)
    if as_json:
        print_json({"study": study.name, "run": name, "deleted_trials": trials})
    else:
        say(out, f"The run {name!r} is deleted.")


@studies_app.command("gc")
def collect_garbage(
    db: DatabaseUrl = DEFAULT_DB,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be deleted, and delete nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete weights in the studies' artifact stores that no trial lists: what killed workers have left."""
    with Store.open(db, create=False) as store:
        orphans = collect(store, dry_run=dry_run)
    if as_json:
        print_json({"deleted" if not dry_run else "orphans": orphans})
    else:
        say(out, f"{len(orphans)} orphaned artifacts {'would be' if dry_run else 'are'} deleted.")


@studies_app.command("upgrade")
def upgrade_database(db: DatabaseUrl = DEFAULT_DB, as_json: AsJson = False) -> None:
    """Bring a database to this version's revision; back it up first."""
    revision = upgrade(db)
    if as_json:
        print_json({"revision": revision})
    else:
        say(out, f"The database is at revision {revision}.")


@studies_app.command("mirror")
def mirror_study(
    name: StudyName,
    db: DatabaseUrl = DEFAULT_DB,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Delete the mirror and make it anew.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make what optuna-dashboard shows of a study anew from its trials."""
    if not rebuild:
        raise InputError("The mirror keeps itself up to date during a sweep; to make it anew, add --rebuild.")
    with Store.open(db, create=False) as store:
        study = store.study(name)
        run = store.open_run(study.id, ORACLE)
        with driving(store, study), closing(OptunaMirror(db, store, run, name, study_spec(study), err.print)) as mirror:
            trials = mirror.rebuild()
    if as_json:
        print_json({"study": name, "mirrored_trials": trials})
    else:
        say(out, f"{trials} trials are mirrored; see them with `optuna-dashboard URL`.")


@studies_app.command("export")
def export_study(
    name: StudyName,
    path: Annotated[Path, typer.Option("--out", help="A new folder for the tables.")],
    format_: Format = "json",
    db: DatabaseUrl = DEFAULT_DB,
    as_json: AsJson = False,
) -> None:
    """Write a study's tables to files: everything but the weights, which stay in the artifact store."""
    with Store.open(db, create=False) as store:
        files = write_export(store.dump_study(name), path, format_)
    if as_json:
        print_json({"study": name, "files": [str(file) for file in files]})
    else:
        say(out, f"{len(files)} files are in {path.resolve()}")


@studies_app.command("import")
def import_study(
    path: Annotated[Path, typer.Argument(metavar="FOLDER", help="What `scyc studies export` has written.")],
    name: Annotated[str | None, typer.Option(help="Another name for the study.")] = None,
    artifacts: Annotated[
        str | None, typer.Option(metavar="URL", help="Where its weights are, if not where they were.")
    ] = None,
    db: DatabaseUrl = DEFAULT_DB,
    as_json: AsJson = False,
) -> None:
    """Bring an exported study into a database, with the same checks as if it had been made there."""
    tables = read_export(path)
    with Store.open(db) as store:
        study = store.load_study(tables, name=name, artifacts=artifacts)
        study_spec(study)
    if as_json:
        print_json({"study": study.name})
    else:
        say(out, f"The study {study.name!r} is imported. Go on with it by `scyc resume {study.name}`.")
