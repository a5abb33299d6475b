"""`scyc pause`."""

from __future__ import annotations

from oracle.cli.app import SEARCH, AsJson, DatabaseUrl, StudyName, app
from oracle.cli.speaking import out, print_json, say
from oracle.study.commands import command


@app.command(rich_help_panel=SEARCH)
def pause(name: StudyName, db: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Let no more trials of a study start, wherever it is trained. Those under way are finished and recorded."""
    from oracle.api import controlling
    from oracle.api.defaults import database_url
    from oracle.api.study import Study

    db = database_url(db)
    controlling.pause(name, db)
    if as_json:
        print_json({"study": name, "state": Study(name, db).status.state})
        return
    say(out, f"The study {name!r} is paused: no more trials start. Resume with `{command('resume', name, db=db)}`.")
