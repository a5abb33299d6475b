"""`scyc submit`."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path
from typing import Annotated

import typer

from oracle.api.errors import InputError
from oracle.cli.app import SEARCH, AsJson, NewName, Overrides, SpecFile, app
from oracle.cli.options import AcceptChanges, Retries, RetryFailed, TrialTimeout
from oracle.cli.speaking import out, print_json, say
from oracle.study.commands import command


@app.command(rich_help_panel=SEARCH)
def submit(
    spec_file: SpecFile = None,
    *,
    ray_address: Annotated[
        str, typer.Option(metavar="URL", help="URL of the cluster's dashboard, which takes jobs: http://HEAD:8265.")
    ],
    db: Annotated[
        str,
        typer.Option(
            "--db",
            envvar="SCYC_DB",
            metavar="URL",
            help="SQLAlchemy URL of the study database, as the cluster reaches it.",
        ),
    ],
    artifacts: Annotated[
        str, typer.Option(metavar="URL", help="Where the weights go: a folder or bucket that every node can reach.")
    ],
    name: NewName = None,
    overrides: Overrides = None,
    working_dir: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            exists=True,
            file_okay=False,
            help="Folder with your own code. It is copied to every node.",
            show_default=False,
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="How many trials to train at a time. Default: as many as fit on the cluster.",
            show_default=False,
        ),
    ] = None,
    retries: Retries = 1,
    trial_timeout: TrialTimeout = None,
    retry_failed: RetryFailed = False,
    accept_changes: AcceptChanges = False,
    as_json: AsJson = False,
) -> None:
    """Run `scyc sweep` on a Ray cluster, so that this machine can be off. The same command resumes the study."""
    from oracle.api.defaults import study_name
    from oracle.spec.files import load_spec

    if working_dir is None:
        load_spec(spec_file, overrides or ())  # refuse a bad spec here; one with the user's code only loads there
    _check_lasting(db)
    _check_public(db, "--db", "the cluster reads the password from $PGPASSWORD or ~/.pgpass of its head node")
    _check_public(artifacts, "--artifacts", "the cluster reads it from its nodes' environment")
    name = study_name(name, spec_file)
    sweep = ["scyc", "sweep", "--name", name, "--db", db, "--artifacts", artifacts, "--ray-address", "auto"]
    sweep += [f"--set={override}" for override in overrides or ()] + [f"--retries={retries}"]
    sweep += [f"--workers={workers}"] if workers else []
    sweep += [f"--trial-timeout={trial_timeout:g}"] if trial_timeout else []
    sweep += ["--retry-failed"] if retry_failed else []
    sweep += ["--accept-changes"] if accept_changes else []
    job = _send(ray_address, sweep, spec_file, working_dir)
    watch = command("watch", name, db=db)
    if as_json:
        print_json({"study": name, "job": job, "watch": watch})
        return
    say(out, f"The job {job} runs `scyc sweep` on the cluster. Follow it with `{watch}`.")
    at = f"{job} --address {shlex.quote(ray_address)}"
    say(out, f"Read its log with `ray job logs {at}`. Stop it with `ray job stop {at}`.")


def _send(ray_address: str, sweep: list[str], spec_file: Path | None, working_dir: Path | None) -> str:
    """Send the command with the folder that holds the spec: `working_dir`, or a new folder with nothing else in it."""
    from oracle.execution.jobs import submit_job
    from oracle.execution.scratch import scratch_folder

    if working_dir is not None:
        if spec_file is not None:
            if not spec_file.resolve().is_relative_to(working_dir.resolve()):
                raise InputError(
                    f"The spec {spec_file} is not in {working_dir}, the folder that is copied to the cluster; put it "
                    "there."
                )
            sweep = [*sweep, str(spec_file.resolve().relative_to(working_dir.resolve()))]
        return submit_job(ray_address, sweep, working_dir)
    with scratch_folder() as folder:
        if spec_file is not None:
            shutil.copy(spec_file, folder)
            sweep = [*sweep, spec_file.name]
        return submit_job(ray_address, sweep, folder)


def _check_public(url: str, option: str, instead: str) -> None:
    """Refuse a URL with a password, which would appear in the dashboard, the job's log and the process list."""
    from studies import holds_password

    if holds_password(url):
        raise InputError(
            f"The URL of {option} holds a password, which Ray's dashboard would show; leave it out: {instead}."
        )


def _check_lasting(db: str) -> None:
    """Refuse a database in the job's own folder."""
    from studies import database_file

    file = database_file(db)
    if file is not None and not file.is_absolute():
        raise InputError(
            f"--db {db} is a file in the job's folder on the cluster, which is deleted when the job ends; give a "
            "PostgreSQL database."
        )
