"""`scyc studies list`."""

from __future__ import annotations

from oracle.cli.app import AsJson, DatabaseUrl, studies_app
from oracle.cli.speaking import out, print_json


@studies_app.command("list")
def list_studies(db: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """List the studies, and how far each one is."""
    from rich.table import Table

    from oracle.api.defaults import database_url
    from oracle.api.managing import listing
    from studies import Store

    with Store.open(database_url(db), read_only=True) as store:
        rows = listing(store)
    if as_json:
        print_json(rows)
        return
    table = Table("study", "state", "workload", "levels", "trials", "started", box=None)
    for row in rows:
        name, state = row["study"], row["state"]
        if state == "unreadable":
            table.add_row(name, state, row["error"])
            continue
        levels = f"{row['decided']}/{row['levels']}"
        table.add_row(name, state, row["workload"], levels, str(row["trials"]), str(row["started"]))
    out.print(table)
