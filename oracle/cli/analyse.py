"""`scyc analyse`: signs and masks along the levels, as a table, as JSON and as a page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from oracle.cli.app import DEFAULT_DB, AsJson, DatabaseUrl, StudyName, app, out, print_json, say
from oracle.study import ORACLE
from scyc import InputError
from studies import Store


@app.command()
def analyse(
    name: StudyName,
    run: Annotated[str, typer.Option(metavar="RUN", help="The oracle, or a run that `scyc run` has trained.")] = ORACLE,
    folder: Annotated[Path | None, typer.Option("--out", help="Folder for analysis.json and analysis.html.")] = None,
    db: DatabaseUrl = DEFAULT_DB,
    as_json: AsJson = False,
) -> None:
    """Say how signs and masks change from level to level, from the weights that were kept."""
    from oracle.analysis import analyse as analyse_run
    from oracle.analysis import to_json
    from oracle.report.signs import HEADINGS, page, row

    with Store.open(db, read_only=True) as store:
        analysis = analyse_run(store, name, run)
    values = to_json(analysis)
    if folder is not None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "analysis.json").write_text(json.dumps(values, allow_nan=False, indent=1), encoding="utf-8")
            (folder / "analysis.html").write_text(page(analysis), encoding="utf-8")
        except OSError as error:
            raise InputError(f"The folder {folder} cannot be written to ({error.strerror}); choose another.") from error
    if as_json:
        print_json(values)
        return
    table = Table(*HEADINGS, box=None, title=f"{analysis.study}: signs and masks of {analysis.run}")
    for column in table.columns:
        column.justify, column.no_wrap = "right", True
    for level in analysis.levels:
        table.add_row(*row(level))
    out.print(table)
    for note in analysis.notes:
        say(out, note)
    if folder is not None:
        say(out, f"The page is at {(folder / 'analysis.html').resolve()}")
