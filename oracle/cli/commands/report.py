"""`scyc report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from oracle.cli.app import RESULTS, AsJson, DatabaseUrl, StudyName, app
from oracle.cli.speaking import out, print_json, say


@app.command(rich_help_panel=RESULTS)
def report(
    name: StudyName,
    path: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to write the page.")] = Path("report.html"),
    db: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Write a study's report: one HTML page that works offline."""
    from oracle.api.study import Study

    written = Study(name, db).report(path)
    if as_json:
        print_json({"study": name, "report": str(written)})
    else:
        say(out, f"The report is at {written}")
