"""`scyc studies export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from oracle.cli.app import AsJson, DatabaseUrl, StudyName, studies_app
from oracle.cli.speaking import out, print_json, say

Format = Annotated[Literal["json", "csv", "parquet"], typer.Option("--format", help="Format of the tables.")]


@studies_app.command("export")
def export_study(
    name: StudyName,
    folder: Annotated[
        Path, typer.Option("--out", metavar="FOLDER", help="A new folder for the tables.", show_default=False)
    ],
    format_: Format = "json",
    db: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Write a study's tables to files: everything but the weights, which stay in the artifact store."""
    from oracle.api.study import Study

    files = Study(name, db).export(folder, format_)
    if as_json:
        print_json({"study": name, "files": [str(file) for file in files]})
    else:
        say(out, f"{len(files)} files are in {folder.resolve()}")
