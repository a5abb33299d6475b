"""`scyc analyse`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from oracle.cli.app import EXPERIMENTS, AsJson, DatabaseUrl, StudyName, app
from oracle.cli.speaking import out, print_json, say


@app.command(rich_help_panel=EXPERIMENTS)
def analyse(
    name: StudyName,
    run: Annotated[
        str, typer.Option(metavar="RUN", help="Which run: the oracle's, or one that `scyc run` trained.")
    ] = "oracle",
    folder: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FOLDER",
            help="Folder for analysis.json and analysis.html. Default: no files are written.",
            show_default=False,
        ),
    ] = None,
    db: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show how the signs and masks of the weights change from level to level. Reads the stored weights."""
    from rich.table import Table

    from oracle.api.study import Study
    from oracle.api.writing import write_analysis
    from oracle.report.signs import HEADINGS, row
    from oracle.results.sign_analysis import to_json

    analysis = Study(name, db).analyse(run)
    page = write_analysis(analysis, folder) if folder is not None else None
    if as_json:
        print_json(to_json(analysis))
        return
    table = Table(*HEADINGS, box=None, title=f"{analysis.study}: signs and masks of {analysis.run}")
    for column in table.columns:
        column.justify, column.no_wrap = "right", True
    for level in analysis.levels:
        table.add_row(*row(level))
    out.print(table)
    for note in analysis.notes:
        say(out, note)
    if page is not None:
        say(out, f"The page is at {page.resolve()}")
