"""`scyc studies delete`."""

from __future__ import annotations

from typing import Annotated

import typer

from oracle.cli.app import AsJson, DatabaseUrl, StudyName, studies_app
from oracle.cli.speaking import err, out, print_json, say


@studies_app.command("delete")
def delete_study(
    name: StudyName,
    db: DatabaseUrl = None,
    run: Annotated[
        str | None, typer.Option("--run", help="Delete only this schedule's run.", show_default=False)
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Delete without asking.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete a study with its trials, weights and Optuna mirror, or one schedule's run. Asks first."""
    from oracle.api import managing
    from oracle.api.defaults import database_url

    db = database_url(db)
    trials = managing.finished_trials(name, db, run) if run is not None else managing.finished_trials(name, db)
    what = f"study {name!r}" if run is None else f"run {run!r}"
    if not yes:
        typer.confirm(f"Delete the {what} with its {trials} finished trials and their weights?", abort=True)

    def warn(sentence: str) -> None:
        say(err, sentence)

    if run is None:
        managing.delete_study(name, db, warn)
    else:
        managing.delete_run(name, db, run, warn)
    if as_json:
        print_json({"study": name} | ({"run": run} if run is not None else {}) | {"deleted_trials": trials})
    else:
        say(out, f"The {what} is deleted.")
