"""`scyc studies artifacts`."""

from __future__ import annotations

from typing import Annotated

import typer

from oracle.cli.app import AsJson, DatabaseUrl, StudyName, studies_app
from oracle.cli.speaking import out, print_json, say


@studies_app.command("artifacts")
def place_artifacts(
    name: StudyName,
    db: DatabaseUrl = None,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="URL", help="Folder or URL where the weights are now.", show_default=False),
    ] = None,
    take_over: Annotated[
        bool,
        typer.Option(
            "--take-over", help="Also if another database has its weights there; that one can then no longer use them."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show where a study's weights are, or, with --at, say where they are now."""
    from oracle.api.defaults import database_url
    from oracle.api.managing import artifacts_of, place_artifacts

    db = database_url(db)
    if at is None and take_over:
        at = artifacts_of(name, db)
    place = artifacts_of(name, db) if at is None else place_artifacts(name, db, at, take_over=take_over)
    if as_json:
        print_json({"study": name, "artifacts": place})
    else:
        say(out, f"The weights of {name!r} are in {place}.")
