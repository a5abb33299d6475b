"""`scyc doctor`."""

from __future__ import annotations

import typer

from oracle.cli.app import DATABASE, FAILED, AsJson, DatabaseUrl, app
from oracle.cli.speaking import out, print_json


@app.command(rich_help_panel=DATABASE)
def doctor(db: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Check what a sweep needs: packages, hardware, disk space, data sets, the database.

    Exit code 1 means that something is there and will not work. What is not there yet, such as a data set that you may
    not need, is only noted.
    """
    from rich.table import Table
    from rich.text import Text

    from oracle.api.defaults import database_url
    from oracle.cli.checks import examine

    findings = examine(database_url(db))
    if as_json:
        print_json([vars(finding) for finding in findings])
    else:
        table = Table("", "", "", box=None, show_header=False)
        for finding in findings:
            mark = {"ok": Text("ok", "green"), "note": Text("--", "yellow"), "fault": Text("no", "red")}[
                finding.verdict
            ]
            table.add_row(mark, finding.subject, finding.detail)
        out.print(table)
    if any(finding.verdict == "fault" for finding in findings):
        raise typer.Exit(FAILED)
