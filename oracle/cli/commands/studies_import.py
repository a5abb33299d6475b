"""`scyc studies import`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from oracle.cli.app import AsJson, DatabaseUrl, studies_app
from oracle.cli.speaking import command, out, print_json, say


@studies_app.command("import")
def import_study(
    folder: Annotated[
        Path,
        typer.Argument(metavar="FOLDER", help="A folder that `scyc studies export` wrote.", show_default=False),
    ],
    name: Annotated[
        str | None, typer.Option(help="Name of the study. Default: the name it had.", show_default=False)
    ] = None,
    artifacts: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="Folder or URL of the weights. Default: beside the database.", show_default=False
        ),
    ] = None,
    db: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Import an exported study into a database. Its values are checked like those of a new study."""
    from oracle.api.defaults import database_url
    from oracle.api.managing import import_study as load

    db = database_url(db)
    imported = load(folder, db, name, artifacts)
    if as_json:
        print_json({"study": imported})
    else:
        say(out, f"The study {imported!r} is imported. Resume it with `{command('resume', imported, db=db)}`.")
