"""`scyc studies gc`."""

from __future__ import annotations

from typing import Annotated

import typer

from oracle.cli.app import AsJson, DatabaseUrl, studies_app
from oracle.cli.speaking import err, out, print_json, say


@studies_app.command("gc")
def collect_garbage(
    db: DatabaseUrl = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be deleted, and delete nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete stored weights that no trial refers to. Killed workers leave such weights behind."""
    from oracle.api.defaults import database_url
    from oracle.api.managing import collect_garbage as collect

    orphans = collect(database_url(db), lambda sentence: say(err, sentence), dry_run=dry_run)
    if as_json:
        print_json({"deleted" if not dry_run else "orphans": orphans})
    else:
        say(out, f"Orphaned artifacts {'that would be' if dry_run else 'that were'} deleted: {len(orphans)}.")
