"""`scyc drive`, which the web service starts."""

from __future__ import annotations

from typing import Annotated

import typer

from oracle.cli.app import SEARCH, DatabaseUrl, app
from oracle.cli.ending import training
from oracle.study.commands import command


@app.command(rich_help_panel=SEARCH, hidden=True)
def drive(
    launch: Annotated[str, typer.Argument(metavar="LAUNCH", help="Number of the launch.", show_default=False)],
    db: DatabaseUrl = None,
) -> None:
    """Do what a launch asks for: sweep, resume or extend a study."""
    from oracle.api.defaults import database_url
    from oracle.api.launching import drive as drive_launch
    from studies import Store

    db = database_url(db)
    with Store.open(db, create=False, read_only=True) as store:
        name = store.launch(launch).study
    with training(command("resume", name, db=db), as_json=False) as display:
        drive_launch(launch, db, display)
