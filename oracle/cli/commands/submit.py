"""`scyc submit`."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

import typer

from oracle.api.errors import InputError
from oracle.cli.app import SEARCH, AsJson, NewName, Overrides, SpecFile, app
from oracle.cli.options import Retries, RetryFailed, TrialTimeout
from oracle.cli.speaking import out, print_json, say


@app.command(rich_help_panel=SEARCH)
def submit(
    spec_file: SpecFile = None,
    *,
    ray_address: Annotated[
        str, typer.Option(metavar="URL", help="The cluster's dashboard, which takes jobs: http://HEAD:8265.")
    ],
    db: Annotated[
        str, typer.Option("--db", envvar="SCYC_DB", metavar="URL", help="The study database, as the cluster sees it.")
    ],
    artifacts: Annotated[
        str, typer.Option(metavar="URL", help="Where weights go: a folder or bucket that every node reaches.")
    ],
    name: NewName = None,
    overrides: Overrides = None,
    working_dir: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            exists=True,
            file_okay=False,
            help="Code of your own, which is copied to every node.",
            show_default=False,
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, help="Trials trained at a time. Default: as many as fit on the cluster.", show_default=False
        ),
    ] = None,
    retries: Retries = 1,
    trial_timeout: TrialTimeout = None,
    retry_failed: RetryFailed = False,
    as_json: AsJson = False,
) -> None:
    """Let a Ray cluster run `scyc sweep`: this machine may be switched off. The same command resumes the study."""
    from oracle.api.defaults import study_name
    from oracle.spec.files import load_spec

    if working_dir is None:
        load_spec(spec_file, overrides or ())  # what is wrong is said here; with code of one's own, only there
    _check_public(db, "--db", "the cluster reads the password from $PGPASSWORD or ~/.pgpass of its head node")
    _check_public(artifacts, "--artifacts", "the cluster reads it from its nodes' environment")
    name = study_name(name, spec_file)
    command = ["scyc", "sweep", "--name", name, "--db", db, "--artifacts", artifacts, "--ray-address", "auto"]
    command += [f"--set={override}" for override in overrides or ()] + [f"--retries={retries}"]
    command += [f"--workers={workers}"] if workers else []
    command += [f"--trial-timeout={trial_timeout:g}"] if trial_timeout else []
    command += ["--retry-failed"] if retry_failed else []
    job = _send(ray_address, command, spec_file, working_dir)
    watch = f"scyc watch {name} --db {db}"
    if as_json:
        print_json({"study": name, "job": job, "watch": watch})
        return
    say(out, f"The job {job} runs `scyc sweep` on the cluster. See how far it is: `{watch}`")
    say(out, f"Its log: `ray job logs {job} --address {ray_address}`; stop it: `ray job stop {job} ...`.")


def _send(ray_address: str, command: list[str], spec_file: Path | None, working_dir: Path | None) -> str:
    """Send the command with a folder that holds the spec: the one given, else one that holds nothing else."""
    from oracle.execution.jobs import submit_job

    if working_dir is not None:
        if spec_file is not None:
            if not spec_file.resolve().is_relative_to(working_dir.resolve()):
                raise InputError(
                    f"The spec {spec_file} is not in the folder {working_dir} that goes to the cluster; put it there."
                )
            command = [*command, str(spec_file.resolve().relative_to(working_dir.resolve()))]
        return submit_job(ray_address, command, working_dir)
    with tempfile.TemporaryDirectory(prefix="scyc-") as folder:
        if spec_file is not None:
            shutil.copy(spec_file, folder)
            command = [*command, spec_file.name]
        return submit_job(ray_address, command, Path(folder))


def _check_public(url: str, option: str, instead: str) -> None:
    """Refuse a URL with a password: it would stand in the dashboard, the job's log and the process list."""
    parts = urlsplit(url)
    if parts.password is not None or "password" in parse_qs(parts.query):
        raise InputError(
            f"The URL of {option} holds a password, which Ray's dashboard would show; leave it out: {instead}."
        )
    if url.startswith("sqlite:///") and not url.startswith("sqlite:////"):
        raise InputError(
            f"{option} {url} is a file in a folder of the cluster's that ends with the job; give a PostgreSQL database."
        )
