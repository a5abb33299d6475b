"""`scyc studies upgrade`."""

from __future__ import annotations

from oracle.cli.app import AsJson, DatabaseUrl, studies_app
from oracle.cli.speaking import out, print_json, say


@studies_app.command("upgrade")
def upgrade_database(db: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Upgrade a database that an earlier version made. Back it up first."""
    from oracle.api.defaults import database_url
    from oracle.api.managing import upgrade

    revision = upgrade(database_url(db))
    if as_json:
        print_json({"revision": revision})
    else:
        say(out, f"The database is at revision {revision}.")
